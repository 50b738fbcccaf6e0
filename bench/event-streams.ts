import { connect, type Socket } from 'node:net';
import type { StreamOrder, StreamState } from './messages.ts';

/** How many are being opened at a time: a listener's queue is finite. */
const openingAtOnce = 100;

/** Event streams that are opened and kept: who listens, and how many events came on them. */
export class EventStreams {
  readonly #sockets = new Set<Socket>();
  #lost = 0;
  #events = 0;
  #firstError: string | undefined;

  get state(): StreamState {
    return { open: this.#sockets.size, lost: this.#lost, events: this.#events, firstError: this.#firstError };
  }

  async open({ port, count, tokens }: StreamOrder): Promise<StreamState> {
    for (let opened = 0; opened < count; opened += openingAtOnce) {
      const some = Array.from({ length: Math.min(openingAtOnce, count - opened) }, (_, index) =>
        this.#openOne(port, tokens[(opened + index) % tokens.length] ?? ''),
      );
      await Promise.all(some);
    }
    return this.state;
  }

  close(): StreamState {
    const state = this.state;
    for (const socket of this.#sockets) socket.removeAllListeners('close').destroy();
    this.#sockets.clear();
    this.#events = 0;
    return state;
  }

  /** Resolves when the head of the answer is there. */
  #openOne(port: number, token: string): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const authorization = token === '' ? '' : `Authorization: Bearer ${token}\r\n`;
      socket.write(`GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n${authorization}\r\n`);
      let isOpen = false;
      socket.on('data', (chunk) => {
        const text = chunk.toString('latin1');
        if (!isOpen) {
          isOpen = true;
          if (text.startsWith('HTTP/1.1 200')) this.#sockets.add(socket);
          else this.#fail(text.slice(0, text.indexOf('\r\n')), socket);
          resolve();
        }
        this.#events += text.split('\nid: ').length - 1 + (text.startsWith('id: ') ? 1 : 0);
      });
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#fail('the stream ended', socket);
        resolve();
      });
    });
  }

  #fail(what: string, socket: Socket): void {
    this.#sockets.delete(socket);
    this.#lost += 1;
    this.#firstError ??= what;
  }
}
