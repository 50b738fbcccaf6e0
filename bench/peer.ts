import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Answer, Ask, Kind } from './messages.ts';

/** A process of the benchmark. Disposing of it kills it. */
export interface Peer extends AsyncDisposable {
  readonly pid: number;
  ask<K extends Kind>(kind: K, question: Ask<K>): Promise<Answer<K>>;
}

interface Message {
  readonly id: number;
  readonly kind: Kind;
  readonly body: unknown;
}

/** Starts a module of this folder as a process of its own and waits until it is ready.
 * @param options.port where it listens; a free one when absent
 */
export async function startPeer(
  module: string,
  { port: wanted = 0 }: { readonly port?: number } = {},
): Promise<Peer & { readonly port: number }> {
  const child = fork(new URL(module, import.meta.url), [String(wanted)], { execPath: process.execPath });
  const peer = connectPeer(child, module);
  const { port } = await peer.ask('ready', {});
  return { ...peer, port };
}

/** Speaks with a child process that has an IPC channel and calls {@link answerQuestions}. */
export function connectPeer(child: ChildProcess, name: string): Peer {
  let asked = 0;
  return {
    pid: child.pid ?? 0,
    async ask<K extends Kind>(kind: K, body: Ask<K>) {
      asked += 1;
      const id = asked;
      const answer = new Promise<Answer<K>>((resolve, reject) => {
        const ended = () => reject(new Error(`${name} ended before it answered "${kind}"`));
        const heard = (message: Message) => {
          if (message.id !== id) return;
          child.off('message', heard).off('exit', ended);
          // Both ends are typed by the same table.
          resolve(message.body as Answer<K>);
        };
        child.on('message', heard).once('exit', ended);
      });
      child.send({ id, kind, body });
      return answer;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

type Answers = { readonly [K in Kind]?: (question: Ask<K>) => Answer<K> | Promise<Answer<K>> };

/** Answers what the benchmark asks; ends when the benchmark does. */
export function answerQuestions(answers: Answers): void {
  const answer = async ({ id, kind, body }: Message) => {
    const find = answers[kind] as ((question: unknown) => unknown) | undefined;
    if (find === undefined) throw new Error(`Nobody here answers "${kind}"`);
    process.send?.({ id, kind, body: await find(body) });
  };
  process.on('message', (message: Message) => void answer(message));
  process.on('disconnect', () => process.exit());
}
