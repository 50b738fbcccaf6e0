import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { describe } from '../../lib/describe-error.ts';
import { forEachLine } from '../../lib/for-each-line.ts';
import type { Log } from '../../model/log.ts';
import { cleanLine } from '../clean-line.ts';
import type { RunningServer, StartDeps } from '../keep-running.ts';
import { LastLines } from '../last-lines.ts';
import { buildContainer, buildLabels, findExposedPort, findHostPort, type ContainerParts } from './build-container.ts';
import { demultiplex, type Outputs } from './demultiplex.ts';
import { adviseEnd, describeEnd } from './describe-end.ts';
import { containerAnswer, createdAnswer, type ImageAnswer, waitAnswer } from './engine-answers.ts';
import { type EngineClient, EngineError } from './engine-client.ts';
import { findEngine, type Engine } from './find-engine.ts';
import { removeContainer, removeLeftovers, removeNetwork } from './leftovers.ts';
import { provideImage } from './provide-image.ts';
import { readEnvFiles } from './read-env-files.ts';
import { readVolumes } from './read-volumes.ts';
import { refuseContainer } from './refuse-container.ts';
import { removeAtExit } from './remove-at-exit.ts';
import type { ContainerSettings } from './schema.ts';
import { untilAnswering } from './until-answering.ts';

/** What stays the same over all restarts of one server. */
export interface Kept {
  image: ImageAnswer | undefined;
  hostPort: number;
}

const stopSeconds = 10;
const lastOutputMs = 500;
const longestLine = 8 * 1024;

/** Workload `container`: runs an image; its output goes to the log line by line, cleaned. Returns when its port answers.
 * Disposing it: SIGTERM, SIGKILL after ten seconds, then nothing of it is left.
 * @throws UsherError engine_unavailable, container_failed, or the signal's reason; nothing of it is left then
 */
export async function startContainer(
  name: string,
  settings: ContainerSettings,
  deps: StartDeps & { readonly kept: Kept },
): Promise<RunningServer> {
  const { log, signal, kept } = deps;
  const { image } = settings;
  const engine = await findEngine(settings.engine);
  try {
    const env = { ...(await readEnvFiles(image, settings.envFiles)), ...settings.env };
    const volumes = await readVolumes(image, settings.volumes, engine);
    await removeLeftovers(name, engine, log);
    kept.image ??= await provideImage(image, engine, {
      pull: settings.pull,
      log,
      signal,
      showProgress: deps.showProgress,
    });
    const targetPort = settings.targetPort ?? findExposedPort(kept.image);
    if (targetPort === undefined)
      throw refuseContainer(
        image,
        'it does not say which one port it listens on',
        'Give it with --target-port; the documentation of the image names it',
      );
    await using made = new AsyncDisposableStack();
    const network = settings.network ?? (await makeNetwork(name, engine, made));
    const parts = {
      server: name,
      image: kept.image,
      env,
      volumes,
      network,
      targetPort,
      hostPort: kept.hostPort,
      hasInit: true,
    };
    return await run({ settings, parts, engine, deps, made });
  } catch (error) {
    signal?.throwIfAborted();
    throw translate(error, image, engine);
  }
}

/** One of its own: in a network that others are in as well, they could reach the server past the gateway. */
async function makeNetwork(server: string, { client }: Engine, made: AsyncDisposableStack): Promise<string> {
  const name = nameFor(server);
  const body = { Name: name, Driver: 'bridge', Labels: buildLabels(server) };
  const { Id } = await client.read(createdAnswer, 'POST', '/networks/create', { body });
  made.defer(() => removeNetwork(client, Id));
  return name;
}

/** Nobody else has that name: two gateways may run servers that are called the same. */
function nameFor(server: string): string {
  return `usher-${server.replaceAll(/[^A-Za-z0-9_.-]/g, '-').slice(0, 40)}-${randomBytes(4).toString('hex')}`;
}

interface Run {
  readonly settings: ContainerSettings;
  readonly parts: ContainerParts;
  readonly engine: Engine;
  readonly deps: StartDeps & { readonly kept: Kept };
  /** Takes over what has to go again. */
  readonly made: AsyncDisposableStack;
}

async function run({ settings, parts, engine, deps, made }: Run): Promise<RunningServer> {
  const { client } = engine;
  const { log, signal, kept } = deps;
  const { id, connection } = await createStarted({ settings, parts, engine, deps, made });
  const lastWords = new LastLines();
  const isOver = logOutputs(demultiplex(connection), {
    log,
    server: parts.server,
    lastWords,
    onErrorLine: deps.onErrorLine,
  });
  let hasExited = false;
  const ended = watchEnd(client, id, async () => {
    hasExited = true;
    await Promise.race([isOver, sleep(lastOutputMs)]);
    return describeEnd(await inspect(client, id), lastWords.all(), settings);
  });
  const hostPort = findHostPort(await inspect(client, id), parts.targetPort);
  if (hostPort !== undefined) kept.hostPort = hostPort;
  const isThere = await untilAnswering(urlOf(settings, kept), {
    timeoutMs: settings.startTimeoutSeconds * 1000,
    mayStillCome: () => !hasExited && signal?.aborted !== true,
  });
  if (isThere) {
    const resources = made.move();
    return {
      ended: ended.then((reason) => `${settings.image}: ${reason}`),
      async [Symbol.asyncDispose]() {
        await resources.disposeAsync().catch((error: unknown) => {
          const reason = describe(error instanceof SuppressedError ? error.error : error);
          log.warn('A container could not be removed; the next start tries again', {
            container: id.slice(0, 12),
            reason,
          });
        });
      },
    };
  }
  signal?.throwIfAborted();
  if (hasExited) {
    const architectures = { image: parts.image.Architecture, engine: engine.architecture };
    throw refuseContainer(settings.image, await ended, adviseEnd(lastWords.all(), architectures));
  }
  throw refuseContainer(
    settings.image,
    `nothing answers on its port ${parts.targetPort} after ${settings.startTimeoutSeconds} s`,
    'Does it listen on that port (--target-port), and on 0.0.0.0 in the container, not on 127.0.0.1 alone? Does it need longer (--start-timeout)?',
  );
}

/** Where the MCP endpoint of a server answers that was started once. */
export function urlOf({ targetPath }: ContainerSettings, { hostPort }: Kept): string {
  return `http://127.0.0.1:${hostPort}${targetPath}`;
}

/** Created, attached to and started, in this order: nothing it says is missed. */
async function createStarted(wanted: Run): Promise<{ readonly id: string; readonly connection: Duplex }> {
  const { settings, parts, engine, made } = wanted;
  const { client } = engine;
  await using mine = new AsyncDisposableStack();
  const body = buildContainer(settings, parts);
  const { Id: id } = await client.read(createdAnswer, 'POST', `/containers/create?name=${nameFor(parts.server)}`, {
    body,
  });
  const callOff = removeAtExit(client.socketPath, [
    client.pathOf(`/containers/${id}?force=1&v=1`),
    ...(settings.network === undefined ? [client.pathOf(`/networks/${parts.network}`)] : []),
  ]);
  mine.defer(callOff);
  mine.defer(() => removeContainer(client, id));
  const connection = await client.attach(id);
  mine.defer(() => void connection.destroy());
  connection.on('error', () => {}); // its end is what counts
  try {
    await client.ask('POST', `/containers/${id}/start`, { signal: wanted.deps.signal });
  } catch (error) {
    // An engine may come without the small program that it would run first.
    if (!parts.hasInit || !(error instanceof Error) || !/docker-init|catatonit|init binary/i.test(error.message))
      throw error;
    await mine.disposeAsync();
    return createStarted({ ...wanted, parts: { ...parts, hasInit: false } });
  }
  mine.defer(() => stop(client, id));
  made.use(mine.move());
  return { id, connection };
}

async function stop(client: EngineClient, id: string): Promise<void> {
  const timeoutMs = (stopSeconds + 20) * 1000;
  await client.ask('POST', `/containers/${id}/stop?t=${stopSeconds}`, { timeoutMs }).catch((error: unknown) => {
    // It is gone, or was not running any more: 304 has no body and counts as an error here.
    if (!(error instanceof EngineError)) throw error;
  });
}

function inspect(client: EngineClient, id: string) {
  return client.read(containerAnswer, 'GET', `/containers/${id}/json`);
}

/** Resolves when it has ended, however that becomes known. */
async function watchEnd(client: EngineClient, id: string, describeIt: () => Promise<string>): Promise<string> {
  try {
    await client.read(waitAnswer, 'POST', `/containers/${id}/wait`);
    return await describeIt();
  } catch (error) {
    return `the engine no longer tells of it: ${describe(error)}`;
  }
}

interface OutputReaders {
  readonly log: Log;
  readonly server: string;
  readonly lastWords: LastLines;
  readonly onErrorLine: StartDeps['onErrorLine'];
}

/** Resolves when everything it said was read. */
async function logOutputs(outputs: Outputs, { log, server, lastWords, onErrorLine }: OutputReaders): Promise<void> {
  const { stdout, stderr } = outputs;
  const read = [stdout, stderr].map((stream) => {
    forEachLine(stream, longestLine, (line) => {
      const cleaned = cleanLine(line);
      if (cleaned.trim() !== '') lastWords.take(cleaned);
      log.info(cleaned, { from: server });
      if (stream === stderr) onErrorLine?.(cleaned);
    });
    return new Promise<void>((resolve) => stream.once('close', resolve));
  });
  await Promise.all(read);
}

/** What engines say when they cannot start something, in the words of the settings. */
function translate(error: unknown, image: string, { label }: Engine): unknown {
  if (!(error instanceof Error) || error.name === 'UsherError') return error;
  const words = describe(error);
  return refuseContainer(image, `${label} says: ${words}`, adviseRefusal(words), error);
}

function adviseRefusal(words: string): string {
  if (/unable to find user|no matching entries in passwd|unable to find group/i.test(words))
    return 'The image has no such user: give --user as a number, or leave it out';
  if (/executable file not found|no such file or directory.*unknown|no command specified/i.test(words))
    return "What stands after -- are arguments of the image's entry point; an image without one takes its command there";
  if (/port is already allocated|address already in use/i.test(words))
    return 'Another program listens on that port of this machine; stop it, or choose another one';
  if (/network .* not found|no such network|network not found/i.test(words))
    return 'Make the network, or leave --network out';
  if (/exec format error|platform/i.test(words)) return "The image is for another processor than the engine's";
  if (/not a directory|are you trying to mount a directory/i.test(words))
    return 'A file is mounted where the image has a folder, or the other way round: look at --volume';
  if (/invalid mount|bind source path does not exist|mount/i.test(words))
    return 'The engine cannot see what --volume names: engines in a virtual machine see only the folders shared with it';
  return 'Try it by itself with docker run';
}
