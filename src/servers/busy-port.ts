import type { Machine } from '../clients/machine.ts';
import { findFreePort } from '../lib/find-free-port.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import { isAlive, lookAtServers, type ServerView } from './look-at-server.ts';

export interface Address {
  /** As in the configuration: an IPv6 address may stand in brackets. */
  readonly host: string;
  readonly port: number;
}

export interface ExplainOptions {
  readonly machine: Machine;
  /** The server it is about, where it is kept with the port it has: only `usher update` gives it another. */
  readonly kept?: string | undefined;
}

/** The same refusal, with who has the port where that is a server of this user, and with one that is free; any other error as it is.
 * Never throws itself.
 */
export async function explainBusyPort(
  thrown: unknown,
  address: Address,
  { machine, kept }: ExplainOptions,
): Promise<unknown> {
  if (!(thrown instanceof UsherError) || thrown.code !== 'port_busy') return thrown;
  const { host, port } = address;
  const views = await lookAtServers(machine).catch((): readonly ServerView[] => []);
  const holder = views.find((view) => isAlive(view) && view.run?.phase !== 'starting' && view.run?.port === port);
  const free = await findPortFor({ host, port: port + 1 }, views).catch(() => undefined);
  const another = free === undefined ? 'Choose another --port' : `--port ${free} is free`;
  const other = kept === undefined ? another : `usher update ${kept} --port ${free ?? 'NUMBER'} gives it another one`;
  const ending =
    holder === undefined
      ? `end what listens there (lsof -nP -iTCP:${port} -sTCP:LISTEN shows it)`
      : `stop that server with usher stop ${holder.name}`;
  const process = holder?.pid === undefined ? '' : `, process ${holder.pid}`;
  const reason =
    holder === undefined ? 'the port is in use' : `the port is in use by the server ${holder.name}${process}`;
  return fail('port_busy', { address: `${host}:${port}`, reason, advice: `${other}; or ${ending}` }, { cause: thrown });
}

/** The first port from this one upwards on which nobody listens, and which no server has that runs, starts or may be started again.
 * @throws Error when twenty in a row are taken
 */
export async function findPortFor({ host, port }: Address, views: readonly ServerView[]): Promise<number> {
  // One that was killed before it ever served is nobody's to start again.
  const holders = views.filter((view) => isAlive(view) || view.run?.hasServed === true);
  const taken = new Set(holders.flatMap(({ run }) => run?.port ?? []));
  return await findFreePort(port, host.replace(/^\[(.*)\]$/, '$1'), taken);
}
