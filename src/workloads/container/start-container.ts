import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningServer, StartDeps } from '../keep-running.ts';
import { LastLines } from '../last-lines.ts';
import { findExposedPort, findHostPort, type ContainerParts } from './build-container.ts';
import { demultiplex } from './demultiplex.ts';
import { adviseEnd, describeEnd, describeLastWords, findAdvice } from './describe-end.ts';
import type { ImageAnswer } from './engine-answers.ts';
import { makeGuardedNetwork } from './guarded-network.ts';
import { prepareContainer, type Prepared, withWords } from './prepare-container.ts';
import { readOutput } from './read-outputs.ts';
import { refuseContainer } from './refuse-container.ts';
import type { ContainerSettings } from './schema.ts';
import { startRelay } from './start-relay.ts';
import { startedContainer } from './started-container.ts';
import { untilAnswering } from './until-answering.ts';
import { watchHealth } from './watch-health.ts';

/** What stays the same over all restarts of one server. */
export interface Kept {
  image: ImageAnswer | undefined;
  hostPort: number;
}

const stopSeconds = 10;
const lastOutputMs = 500;

type Deps = StartDeps & { readonly kept: Kept };

/** Workload `container`: runs an image; its output goes to the log line by line, cleaned. Returns when its port answers.
 * Disposing it: SIGTERM, SIGKILL after ten seconds, then nothing of it is left.
 * @throws UsherError engine_unavailable, container_failed, or the signal's reason; nothing of it is left then
 */
export async function startContainer(name: string, settings: ContainerSettings, deps: Deps): Promise<RunningServer> {
  const { signal, kept } = deps;
  const { image } = settings;
  try {
    const prepared = await prepareContainer(name, settings, { ...deps, image: kept.image });
    kept.image = prepared.image;
    const target = settings.targetPort ?? findExposedPort(prepared.image);
    if (target === undefined)
      throw refuseContainer(
        image,
        'it does not say which one port it listens on',
        'Give it with --target-port; the documentation of the image names it',
      );
    return await withWords(image, prepared.engine, () => run(name, { settings, prepared, target, deps }));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

interface Run {
  readonly settings: ContainerSettings;
  readonly prepared: Prepared;
  readonly target: number;
  readonly deps: Deps;
}

async function run(server: string, { settings, prepared, target, deps }: Run): Promise<RunningServer> {
  const { engine, isIsolated, egress } = prepared;
  const { image } = settings;
  const { log, signal, kept, onErrorLine } = deps;
  await using made = new AsyncDisposableStack();
  const own =
    settings.network === undefined
      ? made.use(await makeGuardedNetwork(server, engine, { isIsolated, egress, log, image }))
      : undefined;
  const admitted = own?.proxy?.admit();
  const parts: ContainerParts = {
    ...prepared,
    server,
    env: { ...prepared.env, ...admitted?.env },
    network: own?.name ?? settings.network ?? '',
    targetPort: target,
    hostPort: isIsolated ? undefined : kept.hostPort,
    hasInput: false,
    hasInit: true,
  };
  const container = made.use(await startedContainer(settings, parts, engine, { log, stopSeconds, signal }));
  await own?.ready();
  const lastWords = new LastLines();
  const { stdout, stderr } = demultiplex(container.connection);
  const isOver = Promise.all([
    readOutput(stdout, { log, server, take: lastWords.take }),
    readOutput(stderr, {
      log,
      server,
      take(line) {
        lastWords.take(line);
        onErrorLine?.(line);
      },
    }),
  ]);
  let hasEnded = false;
  const exited = container.untilEnded().then(async (end) => {
    hasEnded = true;
    if ('silence' in end) return end.silence;
    await Promise.race([isOver, sleep(lastOutputMs)]);
    return describeEnd(end, lastWords.all(), settings);
  });
  const health = made.use(watchHealth(prepared.image, container));
  const ended = Promise.race([exited, health.unhealthy]);
  const seen = await container.inspect();
  if (isIsolated) {
    const host = seen.NetworkSettings.Networks?.[parts.network]?.IPAddress ?? '';
    kept.hostPort = made.use(await startRelay(kept.hostPort, { host, port: target })).port;
  } else kept.hostPort = findHostPort(seen, target, settings.publish) ?? kept.hostPort;
  const isThere = await untilAnswering(urlOf(settings, kept), {
    timeoutMs: settings.startTimeoutSeconds * 1000,
    mayStillCome: () => !hasEnded && !health.isUnhealthy && signal?.aborted !== true,
  });
  if (isThere) {
    const resources = made.move();
    return {
      ended: ended.then((reason) => `${settings.image}: ${reason}`),
      get check() {
        return health.check;
      },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  }
  signal?.throwIfAborted();
  if (hasEnded || health.isUnhealthy) {
    const architectures = { image: prepared.image.Architecture, engine: engine.architecture };
    throw refuseContainer(settings.image, await ended, adviseEnd(lastWords.all(), architectures));
  }
  throw refuseContainer(
    settings.image,
    `nothing answers on its port ${target} after ${settings.startTimeoutSeconds} s; ${describeLastWords(lastWords.all())}`,
    findAdvice(lastWords.all()) ??
      'It has to listen on that port (--target-port), and on 0.0.0.0 in the container, not on 127.0.0.1 alone; what needs longer gets --start-timeout',
  );
}

/** Where the MCP endpoint of a server answers that was started once. */
export function urlOf({ targetPath }: ContainerSettings, { hostPort }: Kept): string {
  return `http://127.0.0.1:${hostPort}${targetPath}`;
}
