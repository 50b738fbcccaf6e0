import { setTimeout as sleep } from 'node:timers/promises';
import { plain } from '../../lib/plain.ts';
import type { SelfCheck } from '../../model/server-life.ts';
import type { ImageAnswer } from './engine-answers.ts';
import type { StartedContainer } from './started-container.ts';

const everyMs = 1_000;
const longestOutput = 300;

export interface HealthWatch extends AsyncDisposable {
  readonly isUnhealthy: boolean;
  /** What the check found last; undefined before the first look, and without a check. */
  readonly check: SelfCheck | undefined;
  /** Resolves with a clause when the check that the image brings along has failed as often as it may. */
  readonly unhealthy: Promise<string>;
  [Symbol.asyncDispose](): PromiseLike<void>;
}

/** Looks at what the engine finds by an image's own check (HEALTHCHECK); an image without one is never unhealthy. */
export function watchHealth(image: ImageAnswer, container: Pick<StartedContainer, 'inspect'>): HealthWatch {
  const stop = new AbortController();
  const { promise: unhealthy, resolve } = Promise.withResolvers<string>();
  let isUnhealthy = false;
  let check: SelfCheck | undefined;
  const [kind] = image.Config?.Healthcheck?.Test ?? [];
  const hasCheck = kind !== undefined && kind !== 'NONE';
  const watching = hasCheck ? watch() : Promise.resolve();

  async function watch(): Promise<void> {
    while (!stop.signal.aborted) {
      // One look that fails says nothing: the end of a container is told in another way.
      const health = await container.inspect().then(
        ({ State }) => State.Health,
        () => undefined,
      );
      if (health) check = { status: health.Status, failedInARow: health.FailingStreak };
      if (health?.Status === 'unhealthy') {
        isUnhealthy = true;
        const said = plain(health.Log?.at(-1)?.Output ?? '').trim();
        return resolve(`it is unhealthy by its own check${said === '' ? '' : `: ${said.slice(0, longestOutput)}`}`);
      }
      await sleep(everyMs, undefined, { signal: stop.signal, ref: false }).catch(() => {});
    }
  }

  return {
    get isUnhealthy() {
      return isUnhealthy;
    },
    get check() {
      return check;
    },
    unhealthy,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await watching;
    },
  };
}
