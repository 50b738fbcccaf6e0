import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:https';
import type { Listener } from './build-listener.ts';

/** Connections of a listener on which nothing was asked yet, TLS agreed on or not. Node.js takes them for busy ones, so that
 * a stop would wait for whoever connected and said nothing.
 */
export class SilentConnections {
  readonly #silent = new Set<Socket>();
  /** By the peer's address: what comes out of a handshake is another object. */
  readonly #handshaking = new Map<string, Socket>();

  constructor(server: Listener) {
    if (server instanceof TlsServer) {
      server.on('connection', (socket: Socket) => this.#await(socket));
      server.on('secureConnection', (socket: Socket) => this.#add(socket));
    } else server.on('connection', (socket: Socket) => this.#add(socket));
  }

  /** Something was asked on it. */
  heard(socket: Socket): void {
    this.#silent.delete(socket);
  }

  destroyAll(): void {
    for (const socket of [...this.#handshaking.values(), ...this.#silent]) socket.destroy();
  }

  #add(socket: Socket): void {
    this.#handshaking.delete(peerOf(socket));
    this.#silent.add(socket);
    socket.once('close', () => this.#silent.delete(socket));
  }

  #await(socket: Socket): void {
    const peer = peerOf(socket);
    this.#handshaking.set(peer, socket);
    socket.once('close', () => {
      if (this.#handshaking.get(peer) === socket) this.#handshaking.delete(peer);
    });
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''}`;
}
