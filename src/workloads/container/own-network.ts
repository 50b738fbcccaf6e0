import { randomBytes } from 'node:crypto';
import { buildLabels } from './build-container.ts';
import { createdAnswer, networkAnswer } from './engine-answers.ts';
import type { Engine } from './find-engine.ts';
import { abandon, removeNetwork } from './leftovers.ts';
import { removeAtExit } from './remove-at-exit.ts';

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
  // Nothing but a firewall of the engine's closes an internal network of Docker, and not every engine may set one up.
  const IPAM = isInternal && engine.kind === 'docker' ? await leadNowhere(server, engine) : undefined;
  const body = {
    Name: name,
    Driver: 'bridge',
    Internal: isInternal,
    ...(IPAM === undefined ? {} : { IPAM }),
    // Podman refuses options it does not know.
    ...(engine.kind === 'docker' ? { Options: { 'com.docker.network.bridge.enable_icc': 'false' } } : {}),
    Labels: buildLabels(server),
  };
  const { Id } = await client.read(createdAnswer, 'POST', '/networks/create', { body });
  const spare = removeAtExit(client.socketPath, client.pathOf(`/networks/${Id}`));
  return {
    name,
    async [Symbol.asyncDispose]() {
      try {
        await removeNetwork(client, Id);
      } catch (error) {
        abandon(Id);
        throw error;
      }
      spare();
    },
  };
}

/** Addresses for a network whose default route leads to one that nobody has: with or without a firewall, there is no way out.
 * The engine chooses them: a network is made and removed for that.
 */
async function leadNowhere(server: string, { client }: Engine): Promise<Record<string, unknown>> {
  const body = { Name: nameFor(server), Driver: 'bridge', Labels: buildLabels(server) };
  const { Id } = await client.read(createdAnswer, 'POST', '/networks/create', { body });
  try {
    const { IPAM } = await client.read(networkAnswer, 'GET', `/networks/${Id}`);
    const found = (IPAM.Config ?? []).find(({ Subnet }) => !Subnet.includes(':'));
    if (found === undefined) throw new Error('the engine gives networks no addresses of IPv4');
    // Gateway is what the engine calls the address of this machine in it.
    return { Config: [{ ...found, AuxiliaryAddresses: { DefaultGatewayIPv4: lastHostOf(found.Subnet) } }] };
  } finally {
    await removeNetwork(client, Id);
  }
}

/** `172.18.0.0/16` → `172.18.255.254`: the address before that of everybody. */
export function lastHostOf(subnet: string): string {
  const [address = '', bits = '32'] = subnet.split('/');
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const last = number + 2 ** (32 - Number(bits)) - 2;
  return [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.');
}

/** Nobody else has that name: two gateways may run servers that are called the same. */
export function nameFor(server: string): string {
  return `usher-${server.replaceAll(/[^A-Za-z0-9_.-]/g, '-').slice(0, 40)}-${randomBytes(4).toString('hex')}`;
}

/** One network for as many containers as use it at a time. */
export class SharedNetwork<N extends OwnNetwork> {
  #users = 0;
  #made: Promise<N> | undefined;
  readonly #make: () => Promise<N>;

  constructor(make: () => Promise<N>) {
    this.#make = make;
  }

  /** The network; dispose it when the container is gone. */
  async join(): Promise<N> {
    this.#users += 1;
    this.#made ??= this.#make();
    const made = this.#made;
    try {
      return { ...(await made), [Symbol.asyncDispose]: () => this.#leave(made) };
    } catch (error) {
      this.#users -= 1;
      if (this.#made === made) this.#made = undefined;
      throw error;
    }
  }

  async #leave(made: Promise<N>): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#made = undefined;
    await (await made)[Symbol.asyncDispose]();
  }
}
