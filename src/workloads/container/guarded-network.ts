import { once } from 'node:events';
import { createServer } from 'node:net';
import { release } from 'node:os';
import { findErrorCode } from '../../lib/describe-error.ts';
import type { Log } from '../../model/log.ts';
import { EgressProxy } from './egress-proxy.ts';
import type { EgressRules } from './egress-rules.ts';
import { infoAnswer, networkAnswer } from './engine-answers.ts';
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

/** Makes the network of a server. Where it has no way out, this machine reaches its container at an address of that network, so it has to
 * be one of this machine's. Where it may call some hosts, a proxy listens at this machine's address in it; nothing else of this machine
 * listens there that does not listen everywhere.
 * @throws UsherError container_failed where this machine is not in the engine's networks; Error with the engine's words
 */
export async function makeGuardedNetwork(
  server: string,
  engine: Engine,
  { isIsolated, egress: rules, log, image }: GuardedNetworkOptions,
): Promise<GuardedNetwork> {
  if (isIsolated && (await isElsewhere(engine))) throw refuseFar(image);
  await using made = new AsyncDisposableStack();
  const { name } = made.use(await makeNetwork(server, engine, { isInternal: isIsolated }));
  const host = isIsolated ? await findOwnAddress(name, engine) : '';
  const proxy = rules === undefined ? undefined : made.use(new EgressProxy({ server, rules, log, host }));
  // Podman makes the bridge with the first container: this machine's address is there then.
  if (proxy !== undefined && !(await isHere(() => proxy.listen()))) {
    if (engine.kind === 'docker') throw refuseFar(image);
    proxy.choosePort();
  }
  const resources = made.move();
  return {
    name,
    proxy,
    async ready() {
      if (!isIsolated || proxy?.isListening === true) return;
      const listen = () => (proxy === undefined ? tryAddress(host) : proxy.listen());
      if (!(await isHere(listen))) throw refuseFar(image);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Are the engine's networks those of another system: of a virtual machine, of a name space that a rootless engine made for itself? There
 * an address of theirs means nothing here, or somebody else, who would get the calls and the tokens in them.
 */
async function isElsewhere({ client }: Engine): Promise<boolean> {
  const { KernelVersion, SecurityOptions } = await client.read(infoAnswer, 'GET', '/info');
  const isRootless = (SecurityOptions ?? []).some((one) => one.includes('rootless'));
  return isRootless || process.platform !== 'linux' || KernelVersion !== release();
}

async function findOwnAddress(network: string, { client }: Engine): Promise<string> {
  const { IPAM } = await client.read(networkAnswer, 'GET', `/networks/${network}`);
  const host = (IPAM.Config ?? []).map(({ Gateway }) => Gateway).find((one) => one !== undefined && !one.includes(':'));
  if (host === undefined) throw new Error('the engine gives this machine no address in its networks');
  return host.replace(/\/.*$/, '');
}

/** Can this machine listen there? False where it does not have that address. */
async function isHere(listen: () => Promise<void>): Promise<boolean> {
  try {
    await listen();
    return true;
  } catch (error) {
    if (findErrorCode(error) !== 'EADDRNOTAVAIL') throw error;
    return false;
  }
}

async function tryAddress(host: string): Promise<void> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  server.close();
}

function refuseFar(image: string): Error {
  return refuseContainer(
    image,
    'its profile takes its way out, and then it is reached at its own address; but the engine’s networks are not those of this machine: they are in a virtual machine, or in a name space of a rootless engine',
    'Use an engine that runs as root on this machine, or --permission-profile network without a list of hosts',
  );
}
