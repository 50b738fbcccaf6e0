import { hasEnded } from '../../lib/process-mark.ts';
import type { Log } from '../../model/log.ts';
import { containersAnswer, networksAnswer } from './engine-answers.ts';
import { EngineError, type EngineClient } from './engine-client.ts';
import type { Engine } from './find-engine.ts';
import { labels, ownOwner } from './owner.ts';

/** Removes what a gateway of this user left here when it was killed: containers and networks of the same server whose
 * maker has ended. Those of a gateway that runs, and whatever has no label of ours, stay, whatever they are called.
 */
export async function removeLeftovers(name: string, { client, label }: Engine, log: Log): Promise<void> {
  const filters = JSON.stringify({ label: [`${labels.server}=${name}`, `${labels.owner}=${ownOwner()}`] });
  const query = `filters=${encodeURIComponent(filters)}`;
  const containers = await client.read(containersAnswer, 'GET', `/containers/json?all=1&${query}`);
  for (const { Id, Labels } of containers) {
    if (!isLeft(Labels)) continue;
    log.warn('Removing a container that an earlier gateway left behind', {
      server: name,
      container: Id.slice(0, 12),
      engine: label,
    });
    await removeContainer(client, Id);
  }
  const networks = await client.read(networksAnswer, 'GET', `/networks?${query}`);
  for (const { Id, Labels } of networks) if (isLeft(Labels)) await removeNetwork(client, Id);
}

function isLeft(found: Readonly<Record<string, string>> | null | undefined): boolean {
  const maker = found?.[labels.process];
  return maker !== undefined && hasEnded(maker);
}

/** With its anonymous volumes, and whether it runs or not; one that is gone, or going, is as good. */
export async function removeContainer(client: EngineClient, id: string): Promise<void> {
  await client.ask('DELETE', `/containers/${id}?force=1&v=1`, { timeoutMs: 30_000 }).catch(ignoreGone);
}

export async function removeNetwork(client: EngineClient, id: string): Promise<void> {
  await client.ask('DELETE', `/networks/${id}`, { timeoutMs: 30_000 }).catch(ignoreGone);
}

/** 404: there is none; 409: somebody is removing it already. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof EngineError) || (error.status !== 404 && error.status !== 409)) throw error;
}
