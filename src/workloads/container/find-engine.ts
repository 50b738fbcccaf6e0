import { stat } from 'node:fs/promises';
import { describe, findErrorCode } from '../../lib/describe-error.ts';
import { fail } from '../../model/usher-error.ts';
import { versionAnswer } from './engine-answers.ts';
import { EngineClient } from './engine-client.ts';
import { engineSockets, ownSurroundings, type EngineSocket, type Surroundings } from './engine-sockets.ts';

/** An engine that answers. */
export interface Engine {
  readonly client: EngineClient;
  readonly kind: 'docker' | 'podman';
  /** For people: `Docker 20.10.24 at /var/run/docker.sock`. */
  readonly label: string;
  /** Of the machine it runs containers on, as images name it: `amd64`. */
  readonly architecture: string;
}

/** What is used of the API is all in 1.41 (Docker 20.10, Podman 4); 1.44 is the oldest that Docker 29 takes. */
const newestApi = 44;
const probeMs = 5_000;

/** The first engine that answers.
 * @throws UsherError engine_unavailable, naming every place that was tried and what was wrong there
 */
export async function findEngine(wanted: string | undefined, where: Surroundings = ownSurroundings()): Promise<Engine> {
  const sockets = engineSockets(wanted, where);
  if ('problem' in sockets) throw fail('engine_unavailable', { reason: sockets.problem, advice: otherEngine });
  const absent: string[] = [];
  const broken: { readonly text: string; readonly advice: string }[] = [];
  for (const socket of sockets) {
    const found = await probe(socket, where);
    if ('client' in found) return found;
    if (found.isAbsent) absent.push(socket.path);
    else broken.push({ text: `${socket.path} (${socket.from}): ${found.reason}`, advice: found.advice });
  }
  const reason = [
    ...broken.map(({ text }) => text),
    ...(absent.length === 0 ? [] : [`there is nothing at ${absent.join(', ')}`]),
  ].join('; ');
  throw fail('engine_unavailable', { reason, advice: broken[0]?.advice ?? startOne });
}

const otherEngine = 'Say with --engine which one is meant, for example --engine unix:///run/podman/podman.sock';
const startOne =
  'Install and start Docker or Podman (for Podman also its service: systemctl --user start podman.socket), or say with --engine, DOCKER_HOST or CONTAINER_HOST where it is';

interface NoEngine {
  readonly isAbsent: boolean;
  readonly reason: string;
  readonly advice: string;
}

async function probe(socket: EngineSocket, where: Surroundings): Promise<Engine | NoEngine> {
  try {
    const version = await new EngineClient(socket.path).read(versionAnswer, 'GET', '/version', { timeoutMs: probeMs });
    const kind = (version.Components ?? []).some(({ Name }) => Name.startsWith('Podman')) ? 'podman' : 'docker';
    return {
      client: new EngineClient(socket.path, chooseApi(version)),
      kind,
      label: `${kind === 'podman' ? 'Podman' : 'Docker'} ${version.Version} at ${socket.path}`,
      architecture: version.Arch,
    };
  } catch (error) {
    return describeProbe(error, socket, where);
  }
}

/** The newest version both know. */
function chooseApi({ ApiVersion, MinAPIVersion = '1.0' }: { ApiVersion: string; MinAPIVersion?: string | undefined }) {
  const [most, least] = [ApiVersion, MinAPIVersion].map((text) => Number(text.split('.')[1] ?? 0));
  return `1.${Math.max(Math.min(most ?? 0, newestApi), least ?? 0)}`;
}

async function describeProbe(error: unknown, { path }: EngineSocket, where: Surroundings): Promise<NoEngine> {
  const code = findErrorCode(error);
  if (code === 'ENOENT') return { isAbsent: true, reason: 'not there', advice: startOne };
  if (code === 'EACCES' || code === 'EPERM')
    return { isAbsent: false, reason: 'no permission', advice: await permissionAdvice(path, where) };
  if (code === 'ECONNREFUSED' || code === 'ENOTSOCK')
    return {
      isAbsent: false,
      reason: `nobody answers there (${code})`,
      advice: 'The engine is not running: start it, for example systemctl start docker',
    };
  const reason =
    error instanceof Error && error.name === 'TimeoutError' ? `no answer within ${probeMs / 1000} s` : describe(error);
  return { isAbsent: false, reason, advice: otherEngine };
}

/** Whoever may speak to a rootful engine is root on the machine: that is said, not only how. */
async function permissionAdvice(path: string, { uid }: Surroundings): Promise<string> {
  const owner = await stat(path).catch(() => undefined);
  const group = owner === undefined ? '' : `; it belongs to group ${owner.gid}`;
  return `You (user ${uid ?? 'of this session'}) may not use ${path}${group}. Use a rootless engine (--engine podman), or join that group (sudo usermod -aG docker "$USER", then sign in again), which is as good as being root on this machine`;
}
