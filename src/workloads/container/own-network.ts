import { randomBytes } from 'node:crypto';
import { buildLabels } from './build-container.ts';
import { createdAnswer } from './engine-answers.ts';
import type { Engine } from './find-engine.ts';
import { removeNetwork } from './leftovers.ts';

/** What a network lets its containers do. */
export interface NetworkRules {
  /** No way out, and none but from this machine in. */
  readonly isInternal: boolean;
}

/** A network that was made for one server. */
export interface OwnNetwork extends AsyncDisposable {
  readonly name: string;
  [Symbol.asyncDispose](): PromiseLike<void>;
}

/** One of its own: in a network that others are in as well, they could reach the server past the gateway. Nor do several
 * containers of one server, which are of several users, reach one another.
 */
export async function makeNetwork(server: string, engine: Engine, { isInternal }: NetworkRules): Promise<OwnNetwork> {
  const { client } = engine;
  const name = nameFor(server);
  const body = {
    Name: name,
    Driver: 'bridge',
    Internal: isInternal,
    // Podman refuses options it does not know.
    ...(engine.kind === 'docker' ? { Options: { 'com.docker.network.bridge.enable_icc': 'false' } } : {}),
    Labels: buildLabels(server),
  };
  const { Id } = await client.read(createdAnswer, 'POST', '/networks/create', { body });
  return { name, [Symbol.asyncDispose]: () => removeNetwork(client, Id) };
}

/** Nobody else has that name: two gateways may run servers that are called the same. */
export function nameFor(server: string): string {
  return `usher-${server.replaceAll(/[^A-Za-z0-9_.-]/g, '-').slice(0, 40)}-${randomBytes(4).toString('hex')}`;
}

/** One network for as many containers as use it at a time. */
export class SharedNetwork {
  #users = 0;
  #made: Promise<OwnNetwork> | undefined;
  readonly #make: () => Promise<OwnNetwork>;

  constructor(make: () => Promise<OwnNetwork>) {
    this.#make = make;
  }

  /** Its name; dispose it when the container is gone. */
  async join(): Promise<OwnNetwork> {
    this.#users += 1;
    this.#made ??= this.#make();
    const made = this.#made;
    try {
      const { name } = await made;
      return { name, [Symbol.asyncDispose]: () => this.#leave(made) };
    } catch (error) {
      this.#users -= 1;
      if (this.#made === made) this.#made = undefined;
      throw error;
    }
  }

  async #leave(made: Promise<OwnNetwork>): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#made = undefined;
    await (await made)[Symbol.asyncDispose]();
  }
}
