import { findErrorCode } from '../../lib/describe-error.ts';
import type { Log } from '../../model/log.ts';
import { EgressProxy } from './egress-proxy.ts';
import type { EgressRules } from './egress-rules.ts';
import { networkAnswer } from './engine-answers.ts';
import type { Engine } from './find-engine.ts';
import { makeNetwork, type OwnNetwork } from './own-network.ts';
import { refuseContainer } from './refuse-container.ts';

/** A network that was made for one server, and what lets it call some hosts. */
export interface GuardedNetwork extends OwnNetwork {
  /** Undefined where it reaches everybody, or nobody. */
  readonly proxy: EgressProxy | undefined;
  /** To be called when a container is in it: only then this machine is in every engine's network.
   * @throws UsherError container_failed where this machine is not in the engine's networks
   */
  ready(): Promise<void>;
}

export interface GuardedNetworkOptions {
  /** No way out but what the rules say. */
  readonly isIsolated: boolean;
  readonly egress: EgressRules | undefined;
  readonly log: Log;
  /** For what is refused. */
  readonly image: string;
}

/** Makes the network of a server. Where it may call some hosts only, it has no way out, and a proxy listens at this machine's address
 * in it; nothing else of this machine listens there that does not listen everywhere.
 * @throws UsherError container_failed where this machine is not in the engine's networks; Error with the engine's words
 */
export async function makeGuardedNetwork(
  server: string,
  engine: Engine,
  { isIsolated, egress: rules, log, image }: GuardedNetworkOptions,
): Promise<GuardedNetwork> {
  await using made = new AsyncDisposableStack();
  const { name } = made.use(await makeNetwork(server, engine, { isInternal: isIsolated }));
  const host = rules === undefined ? '' : await findOwnAddress(name, engine);
  const proxy = rules === undefined ? undefined : made.use(new EgressProxy({ server, rules, log, host }));
  // Podman makes the bridge with the first container: this machine's address is there then.
  if (proxy !== undefined && !(await listens(proxy))) {
    if (engine.kind === 'docker') throw refuseFar(image);
    proxy.choosePort();
  }
  const resources = made.move();
  return {
    name,
    proxy,
    async ready() {
      if (proxy?.isListening === false && !(await listens(proxy))) throw refuseFar(image);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function findOwnAddress(network: string, { client }: Engine): Promise<string> {
  const { IPAM } = await client.read(networkAnswer, 'GET', `/networks/${network}`);
  const host = (IPAM.Config ?? []).map(({ Gateway }) => Gateway).find((one) => one !== undefined && !one.includes(':'));
  if (host === undefined) throw new Error('the engine gives this machine no address in its networks');
  return host.replace(/\/.*$/, '');
}

/** False where this machine is not at that address. */
async function listens(proxy: EgressProxy): Promise<boolean> {
  try {
    await proxy.listen();
    return true;
  } catch (error) {
    if (findErrorCode(error) !== 'EADDRNOTAVAIL') throw error;
    return false;
  }
}

function refuseFar(image: string): Error {
  return refuseContainer(
    image,
    'its list of hosts cannot be kept: this machine has no address in the engine’s networks, which are in a virtual machine, or in a name space of a rootless engine',
    'Use an engine that runs as root on this machine, or a profile without hosts: network, none',
  );
}
