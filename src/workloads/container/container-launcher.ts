import { posix } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Launched, Launcher, LaunchGift, PrepareOptions } from '../../model/launcher.ts';
import type { Log } from '../../model/log.ts';
import { LastLines } from '../last-lines.ts';
import { demultiplex } from './demultiplex.ts';
import { adviseEnd, describeEnd } from './describe-end.ts';
import { type GuardedNetwork, makeGuardedNetwork } from './guarded-network.ts';
import { SharedNetwork } from './own-network.ts';
import { prepareContainer, type Prepared, withWords } from './prepare-container.ts';
import type { Volume } from './read-volumes.ts';
import { readOutput } from './read-outputs.ts';
import { refuseContainer } from './refuse-container.ts';
import type { ContainerSettings } from './schema.ts';
import { startedContainer } from './started-container.ts';

/** MCP 2026-07-28, stdio, shutdown: a server ends when its input does; who does not is ended. */
const closedInputMs = 3_000;
const stopSeconds = 5;
const lastOutputMs = 500;
/** Where the folder a server is given stands in its container. */
const giftPath = '/run/usher';

/** Launcher of workload `container`: an image whose entry point speaks MCP over its standard streams, in a container for each
 * launch. No two of them reach one another. Its stderr goes to the log line by line.
 */
export function containerLauncher(name: string, settings: ContainerSettings, log: Log): Launcher {
  let prepared: Promise<Prepared> | undefined;
  let architectures = { image: '', engine: '' };
  const prepare = async (options: PrepareOptions = {}): Promise<Prepared> => {
    // Once: all of them run the same image. One that failed is tried again.
    prepared ??= prepareContainer(name, settings, { log, ...options });
    const mine = prepared;
    const ready = await mine.catch((error: unknown) => {
      if (prepared === mine) prepared = undefined;
      throw error;
    });
    architectures = { image: ready.image.Architecture, engine: ready.engine.architecture };
    return ready;
  };
  const makeOwn = async () => {
    const { engine, isIsolated, egress } = await prepare();
    return makeGuardedNetwork(name, engine, { isIsolated, egress, log, image: settings.image });
  };
  const shared = new SharedNetwork(makeOwn);
  return {
    label: settings.image,
    isOtherUser: true,
    async prepare(options) {
      options?.signal?.throwIfAborted();
      await prepare(options);
    },
    async launch(given) {
      const ready = await prepare();
      // In one network of Podman's all reach one another; Docker's keeps them apart.
      const join = ready.engine.kind === 'docker' ? () => shared.join() : makeOwn;
      return withWords(settings.image, ready.engine, () => launch(name, { settings, ready, given, join, log }));
    },
    refuse: (reason) => refuseContainer(settings.image, reason, adviseEnd([reason], architectures)),
  };
}

interface Launch {
  readonly settings: ContainerSettings;
  readonly ready: Prepared;
  readonly given: LaunchGift;
  /** A network it is alone in, as far as it sees. */
  readonly join: () => Promise<GuardedNetwork>;
  readonly log: Log;
}

async function launch(server: string, { settings, ready, given, join, log }: Launch): Promise<Launched> {
  await using made = new AsyncDisposableStack();
  const hasNetwork = settings.network === undefined && (!ready.isIsolated || ready.egress !== undefined);
  const own = hasNetwork ? made.use(await join()) : undefined;
  const admitted = own?.proxy?.admit();
  if (admitted !== undefined) made.defer(admitted.dismiss);
  const gift = readGift(given);
  const parts = {
    ...ready,
    server,
    env: { ...ready.env, ...gift.env, ...admitted?.env },
    volumes: [...ready.volumes, ...gift.volumes],
    network: own?.name ?? settings.network ?? 'none',
    targetPort: undefined,
    hostPort: undefined,
    hasInput: true,
    hasInit: true,
  };
  const container = made.use(await startedContainer(settings, parts, ready.engine, { log, stopSeconds }));
  await own?.ready();
  const { stdout, stderr } = demultiplex(container.connection);
  const lastErrors = new LastLines();
  const isOver = readOutput(stderr, { log, server, hide: given.hide, take: lastErrors.take });
  const input = new PassThrough();
  input.on('error', () => {});
  // Its end closes the container's input and nothing else: the last answers still come.
  input.pipe(container.connection);
  const ended = container.untilEnded().then(async (end) => {
    if ('silence' in end) return end.silence;
    await Promise.race([isOver, sleep(lastOutputMs)]);
    return describeEnd(end, lastErrors.all(), settings);
  });
  const resources = made.move();
  return {
    input,
    output: stdout,
    lastErrors: () => lastErrors.all(),
    ended,
    async [Symbol.asyncDispose]() {
      input.end();
      await Promise.race([ended, sleep(closedInputMs, undefined, { ref: false })]);
      await resources.disposeAsync();
    },
  };
}

interface Gift {
  readonly env: Readonly<Record<string, string>>;
  readonly volumes: readonly Volume[];
}

/** What one server is given, as it stands in its container. What is in its environment the engine shows to whoever may use the
 * engine; what is in a folder it does not.
 */
function readGift({ env, folder }: LaunchGift): Gift {
  const secrets = Object.entries(env).map(([name, value]) => [name, value.reveal()] as const);
  if (folder === undefined) return { env: Object.fromEntries(secrets), volumes: [] };
  const files = Object.entries(folder.fileEnv).map(([name, file]) => [name, posix.join(giftPath, file)] as const);
  return {
    env: Object.fromEntries([...secrets, ...files]),
    // With SELinux a container reads only what is labelled for it alone; elsewhere the label means nothing.
    volumes: [{ source: folder.path, target: giftPath, isNamed: false, isReadOnly: true, label: 'Z' }],
  };
}
