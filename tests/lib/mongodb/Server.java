// SPDX-License-Identifier: Apache-2.0
//
// An independent server of MongoDB's protocol, in memory, on a free port of
// loopback. Prints its address, and ends with its standard input.

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.net.InetSocketAddress;

public class Server {
	public static void main(String[] args) throws Exception {
		MongoServer server = new MongoServer(new MemoryBackend());
		server.bind(new InetSocketAddress("127.0.0.1", 0));
		System.out.println("mongodb://127.0.0.1:" + server.getLocalAddress().getPort());
		System.out.flush();
		while (System.in.read() >= 0) {
		}
		server.shutdownNow();
		System.exit(0);
	}
}
