import type { ServerState, ServerView } from '../../servers/look-at-server.ts';

/** A server that ended so often in ten minutes will do so again. */
const manyEnds = 3;

/** Is it fit to take calls, and does it stay so? */
export function isWell(view: ServerView): boolean {
  return view.state === 'running' && view.health !== undefined && findAilment(view) === undefined;
}

/** What is the matter with a server that runs, in a word or two; undefined when nothing is. */
export function findAilment({ health }: ServerView): string | undefined {
  if (health === undefined) return undefined;
  const { life, upstream, waitingFor } = health;
  if (life !== undefined && life.since === undefined && life.processes === undefined) return 'server down';
  if (!upstream.isReachable) return 'unreachable';
  if (life?.check?.status === 'unhealthy') return 'unhealthy';
  if (waitingFor.length > 0) return 'not ready';
  return life !== undefined && life.recentEnds >= manyEnds ? 'unstable' : undefined;
}

/** Its state in a few words: `running`, `running, unstable`. */
export function nameState(view: ServerView): { readonly state: ServerState; readonly ailment: string | undefined } {
  return { state: view.state, ailment: view.state === 'running' ? findAilment(view) : undefined };
}
