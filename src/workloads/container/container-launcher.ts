import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Launched, Launcher, LaunchGift } from '../../model/launcher.ts';
import type { Log } from '../../model/log.ts';
import { LastLines } from '../last-lines.ts';
import { demultiplex } from './demultiplex.ts';
import { describeEnd } from './describe-end.ts';
import { makeNetwork, SharedNetwork } from './own-network.ts';
import { prepareContainer, type Prepared, withWords } from './prepare-container.ts';
import type { Volume } from './read-volumes.ts';
import { readOutput } from './read-outputs.ts';
import type { ContainerSettings } from './schema.ts';
import { startedContainer } from './started-container.ts';

/** MCP 2026-07-28, stdio, shutdown: a server ends when its input does; who does not is ended. */
const closedInputMs = 3_000;
const stopSeconds = 5;
const lastOutputMs = 500;
/** Where the folder a server is given stands in its container. */
const giftPath = '/run/usher';

/** Launcher of workload `container`: an image whose entry point speaks MCP over its standard streams, in a container for each
 * launch, all of them in one network, where they do not reach one another. Its stderr goes to the log line by line.
 */
export function containerLauncher(name: string, settings: ContainerSettings, log: Log): Launcher {
  let prepared: Promise<Prepared> | undefined;
  const prepare = async (signal?: AbortSignal): Promise<Prepared> => {
    // Once: all of them run the same image. One that failed is tried again.
    prepared ??= prepareContainer(name, settings, { log, signal });
    const mine = prepared;
    return mine.catch((error: unknown) => {
      if (prepared === mine) prepared = undefined;
      throw error;
    });
  };
  const network = new SharedNetwork(async () => makeNetwork(name, (await prepare()).engine, { isInternal: false }));
  return {
    label: settings.image,
    async prepare(signal) {
      signal?.throwIfAborted();
      await prepare(signal);
    },
    async launch(given) {
      const ready = await prepare();
      return withWords(settings.image, ready.engine, () => launch(name, { settings, ready, given, network, log }));
    },
  };
}

interface Launch {
  readonly settings: ContainerSettings;
  readonly ready: Prepared;
  readonly given: LaunchGift;
  readonly network: SharedNetwork;
  readonly log: Log;
}

async function launch(server: string, { settings, ready, given, network, log }: Launch): Promise<Launched> {
  await using made = new AsyncDisposableStack();
  const isAlone = settings.network === undefined && !ready.isIsolated;
  const own = isAlone ? made.use(await network.join()) : undefined;
  const gift = await readGift(given, settings);
  const parts = {
    ...ready,
    server,
    env: { ...ready.env, ...gift.env },
    volumes: [...ready.volumes, ...gift.volumes],
    network: own?.name ?? settings.network ?? 'none',
    // Others may be in it: it goes with the last of them.
    isOwnNetwork: false,
    targetPort: undefined,
    hostPort: undefined,
    hasInput: true,
    hasInit: true,
  };
  const asUser = gift.user === undefined ? settings : { ...settings, user: gift.user };
  const container = made.use(await startedContainer(asUser, parts, ready.engine, { log, stopSeconds }));
  const { stdout, stderr } = demultiplex(container.connection);
  const lastErrors = new LastLines();
  const isOver = readOutput(stderr, { log, server, take: lastErrors.take });
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
    ended: ended.then((reason) => `${settings.image}: ${reason}`),
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
  readonly user: string | undefined;
}

/** What one server is given, as it stands in its container. A folder that only its owner may enter is read by that user
 * alone: without capabilities not even root in the container may read what is somebody else's.
 */
async function readGift({ env, folder }: LaunchGift, settings: ContainerSettings): Promise<Gift> {
  const secrets = Object.entries(env).map(([name, value]) => [name, value.reveal()] as const);
  if (folder === undefined) return { env: Object.fromEntries(secrets), volumes: [], user: undefined };
  const files = Object.entries(folder.fileEnv).map(([name, file]) => [name, posix.join(giftPath, file)] as const);
  const { mode, uid, gid } = await stat(folder.path);
  const isClosed = (mode & 0o005) === 0 && process.platform !== 'win32';
  return {
    env: Object.fromEntries([...secrets, ...files]),
    volumes: [{ source: folder.path, target: giftPath, isNamed: false, isReadOnly: true, label: undefined }],
    user: isClosed && settings.user === undefined ? `${uid}:${gid}` : undefined,
  };
}
