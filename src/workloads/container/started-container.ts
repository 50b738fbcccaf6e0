import type { Duplex } from 'node:stream';
import { describe } from '../../lib/describe-error.ts';
import type { Log } from '../../model/log.ts';
import { buildContainer, type ContainerParts } from './build-container.ts';
import { type ContainerAnswer, containerAnswer, createdAnswer, waitAnswer } from './engine-answers.ts';
import { type EngineClient, EngineError } from './engine-client.ts';
import type { Engine } from './find-engine.ts';
import { abandon, removeContainer } from './leftovers.ts';
import { nameFor } from './own-network.ts';
import { removeAtExit } from './remove-at-exit.ts';
import type { EndState } from './describe-end.ts';
import type { ContainerSettings } from './schema.ts';

export interface StartedContainer extends AsyncDisposable {
  readonly id: string;
  /** To its outputs, in frames; and to its input where that was asked for. */
  readonly connection: Duplex;
  inspect(): Promise<ContainerAnswer>;
  /** Resolves when it has ended: with how, or with a clause where that is known only by the engine's silence. Never rejects. */
  untilEnded(): Promise<EndState | { readonly silence: string }>;
  /** SIGTERM, after some seconds SIGKILL; then nothing of it is left. Never rejects: what could not be removed is logged. */
  [Symbol.asyncDispose](): PromiseLike<void>;
}

export interface StartOptions {
  readonly log: Log;
  readonly stopSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Creates a container, attaches to it and starts it, in this order: nothing it says is missed.
 * @throws EngineError with the engine's words; nothing of it is left then
 */
export async function startedContainer(
  settings: ContainerSettings,
  parts: ContainerParts,
  engine: Engine,
  { log, stopSeconds, signal }: StartOptions,
): Promise<StartedContainer> {
  const { client } = engine;
  await using made = new AsyncDisposableStack();
  const body = buildContainer(settings, parts);
  const { Id: id } = await client.read(createdAnswer, 'POST', `/containers/create?name=${nameFor(parts.server)}`, {
    body,
  });
  made.defer(removeAtExit(client.socketPath, client.pathOf(`/containers/${id}?force=1&v=1`)));
  made.defer(() => removeContainer(client, id));
  const connection = await client.attach(id, { stdin: parts.hasInput });
  connection.on('error', () => {}); // its end is what counts
  made.defer(() => void connection.destroy());
  try {
    await client.ask('POST', `/containers/${id}/start`, { signal });
  } catch (error) {
    // An engine may come without the small program that it would run first.
    if (!parts.hasInit || !(error instanceof Error) || !/docker-init|catatonit|init binary/i.test(error.message))
      throw error;
    await made.disposeAsync();
    return startedContainer(settings, { ...parts, hasInit: false }, engine, { log, stopSeconds, signal });
  }
  made.defer(() => stop(client, id, stopSeconds));
  const resources = made.move();
  return {
    id,
    connection,
    inspect: () => client.read(containerAnswer, 'GET', `/containers/${id}/json`),
    untilEnded: () => untilEnded(client, id),
    async [Symbol.asyncDispose]() {
      await resources.disposeAsync().catch((error: unknown) => {
        const reason = describe(error instanceof SuppressedError ? error.error : error);
        abandon(id);
        log.warn('A container could not be removed; the next start tries again', {
          container: id.slice(0, 12),
          reason,
        });
      });
    },
  };
}

async function untilEnded(client: EngineClient, id: string): ReturnType<StartedContainer['untilEnded']> {
  try {
    const { StatusCode } = await client.read(waitAnswer, 'POST', `/containers/${id}/wait`);
    // Whoever stopped it may be removing it already: then its exit code is all there is.
    return await client.read(containerAnswer, 'GET', `/containers/${id}/json`).then(
      ({ State }) => State,
      () => ({ ExitCode: StatusCode, OOMKilled: false }),
    );
  } catch (error) {
    return { silence: `the engine no longer tells of it: ${describe(error)}` };
  }
}

/** An answer that says no: it is gone, or was not running any more. */
async function stop(client: EngineClient, id: string, seconds: number): Promise<void> {
  const timeoutMs = (seconds + 20) * 1000;
  await client.ask('POST', `/containers/${id}/stop?t=${seconds}`, { timeoutMs }).catch((error: unknown) => {
    if (!(error instanceof EngineError)) throw error;
  });
}
