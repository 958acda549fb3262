// SPDX-License-Identifier: Apache-2.0
//
// What every module draws with: Preact and its hooks, and htm for templates.
import { Fragment, createContext, h, render } from 'preact';
import {
	useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useRef,
	useState,
} from 'preact/hooks';
import htm from 'htm';

export const html = htm.bind(h);
export {
	Fragment, createContext, h, render, useCallback, useContext, useEffect,
	useId, useLayoutEffect, useMemo, useRef, useState,
};

/** Class names: strings, and objects whose true members count. */
export function cls(...parts) {
	return parts.flatMap((p) => !p ? [] : typeof p === 'string' ? [p] :
		Object.keys(p).filter((k) => p[k])).join(' ') || undefined;
}
