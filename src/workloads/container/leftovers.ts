import { hasEnded } from '../../lib/process-mark.ts';
import type { Log } from '../../model/log.ts';
import { containersAnswer, networksAnswer } from './engine-answers.ts';
import { EngineError, type EngineClient } from './engine-client.ts';
import type { Engine } from './find-engine.ts';
import { labels, ownOwner } from './owner.ts';

/** What this process made and could not remove, since its engine did not answer then. */
const abandoned = new Set<string>();

/** Leaves it to the next start. */
export function abandon(id: string): void {
  abandoned.add(id);
}

/** Removes what a gateway of this user left here when it was killed: containers and networks of the same server whose
 * maker has ended; and what this one could not remove. Those of a gateway that runs, and whatever has no label of ours, stay,
 * whatever they are called.
 */
export async function removeLeftovers(name: string, { client, label }: Engine, log: Log): Promise<void> {
  const filters = JSON.stringify({ label: [`${labels.server}=${name}`, `${labels.owner}=${ownOwner()}`] });
  const query = `filters=${encodeURIComponent(filters)}`;
  const containers = await client.read(containersAnswer, 'GET', `/containers/json?all=1&${query}`);
  for (const { Id, Labels } of containers) {
    if (!isLeft(Id, Labels)) continue;
    const whose = abandoned.has(Id) ? 'could not be removed before' : 'an earlier gateway left behind';
    log.warn(`Removing a container that ${whose}`, {
      server: name,
      container: Id.slice(0, 12),
      engine: label,
    });
    await removeContainer(client, Id);
    abandoned.delete(Id);
  }
  const networks = await client.read(networksAnswer, 'GET', `/networks?${query}`);
  for (const { Id, Labels } of networks) {
    if (!isLeft(Id, Labels)) continue;
    await removeNetwork(client, Id);
    abandoned.delete(Id);
  }
}

function isLeft(id: string, found: Readonly<Record<string, string>> | null | undefined): boolean {
  const maker = found?.[labels.process];
  return abandoned.has(id) || (maker !== undefined && hasEnded(maker));
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
