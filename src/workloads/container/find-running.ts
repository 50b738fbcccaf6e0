import type { Workload } from '../../model/workload.ts';
import { findHostPort } from './build-container.ts';
import { containerAnswer, containersAnswer } from './engine-answers.ts';
import { findEngine } from './find-engine.ts';
import { labels, ownOwner } from './owner.ts';
import type { ContainerSettings } from './schema.ts';

/** The container of a server that another process of this user runs now, for whoever looks at a gateway from outside; undefined
 * where there is none. Of several of one name it is the youngest. It is that process's: disposing this ends nothing.
 * @throws UsherError engine_unavailable
 */
export async function findRunning(name: string, settings: ContainerSettings): Promise<Workload | undefined> {
  const { client } = await findEngine(settings.engine);
  const label = [`${labels.server}=${name}`, `${labels.owner}=${ownOwner()}`];
  const filters = encodeURIComponent(JSON.stringify({ label, status: ['running'] }));
  const [youngest] = await client.read(containersAnswer, 'GET', `/containers/json?filters=${filters}`);
  const port = Number(youngest?.Labels?.[labels.port] ?? 0);
  if (youngest === undefined || port === 0) return undefined;
  const seen = await client.read(containerAnswer, 'GET', `/containers/${youngest.Id}/json`);
  const published = findHostPort(seen, port, settings.publish);
  // One without a way out has no published port: on this machine its own address is reached.
  const [network] = Object.values(seen.NetworkSettings.Networks ?? {});
  const origin = published === undefined ? `${network?.IPAddress ?? ''}:${port}` : `127.0.0.1:${published}`;
  return {
    url: `http://${origin}${settings.targetPath}`,
    failure: undefined,
    life: undefined,
    ended: new Promise(() => {}),
    [Symbol.asyncDispose]: async () => {},
  };
}
