import { setTimeout as delay } from 'node:timers/promises';
import type { Machine } from '../../clients/machine.ts';
import { plain } from '../../lib/plain.ts';
import { lookAtServer, type ServerView } from '../../servers/look-at-server.ts';
import { isWell } from './judge-server.ts';
import { warn } from '../print.ts';

/** How long a server that has just started may take to know its issuer's keys, before somebody is told. */
const patienceMs = 2_000;
const pauseMs = 100;

/** Warns of a server that has just started and cannot take calls yet: a wrong issuer, or nobody behind it. It runs all the
 * same, since both may come later.
 */
export async function tellUnwell(name: string, machine: Machine): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let view = await look(name, machine);
  while ((view?.health?.waitingFor.length ?? 0) > 0 && performance.now() < deadline) {
    await delay(pauseMs);
    view = await look(name, machine);
  }
  if (view === undefined || isWell(view)) return;
  const reasons = findLacking(view);
  if (reasons.length > 0) warn(`${name} cannot take calls yet: ${reasons.join('; ')}. usher logs ${name} says more`);
}

function findLacking({ health }: ServerView): string[] {
  if (health === undefined) return [];
  const { isReachable, target, reason } = health.upstream;
  return [
    ...health.waitingFor.map((what) => `it waits for ${plain(what)}`),
    ...(isReachable ? [] : [`${target} cannot be reached (${plain(reason ?? 'unknown reason')})`]),
  ];
}

/** How it started is told already: what cannot be read now is no reason to fail. */
async function look(name: string, machine: Machine): Promise<ServerView | undefined> {
  try {
    return await lookAtServer(name, machine);
  } catch {
    return undefined;
  }
}
