import { join } from 'node:path';
import { homeOfSystem } from '../../lib/home-of-system.ts';

/** A place where an engine may be. */
export interface EngineSocket {
  /** Path of a unix socket, or of a named pipe of Windows. */
  readonly path: string;
  /** Who said so, or whose usual place it is. */
  readonly from: string;
}

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly uid: number | undefined;
}

export const ownSurroundings = (): Surroundings => ({
  environment: process.env,
  platform: process.platform,
  home: homeOfSystem(),
  uid: process.getuid?.(),
});

/** Where to look, in this order. `wanted` is what `--engine` says: `docker`, `podman` or an address; whoever names one, in
 * a flag or as `DOCKER_HOST` or `CONTAINER_HOST`, means that one alone. An address that is no socket of this machine comes
 * back as a sentence: what is published on another machine's loopback nobody here could reach.
 */
export function engineSockets(
  wanted: string | undefined,
  where: Surroundings = ownSurroundings(),
): readonly EngineSocket[] | { readonly problem: string } {
  const kind = wanted === 'docker' || wanted === 'podman' ? wanted : undefined;
  if (wanted !== undefined && kind === undefined) return parseAddress(wanted, '--engine');
  const variables = [
    ...(kind === 'podman' ? [] : ['DOCKER_HOST']),
    ...(kind === 'docker' ? [] : ['CONTAINER_HOST']),
  ] as const;
  for (const name of variables) {
    const text = where.environment[name];
    if (text !== undefined && text !== '') return parseAddress(text, name);
  }
  const usual = where.platform === 'win32' ? windowsPipes : unixSockets(where);
  return usual.filter(({ path }) => kind === undefined || (kind === 'podman') === path.includes('podman'));
}

function parseAddress(text: string, from: string): readonly EngineSocket[] | { readonly problem: string } {
  if (text.startsWith('/')) return [{ path: text, from }];
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme === 'unix' && rest.startsWith('/')) return [{ path: rest, from }];
  if (scheme === 'npipe') return [{ path: rest.replace(/^\/\/\.\//, '//./'), from }];
  return {
    problem: `${from} is ${JSON.stringify(text)}, which is no socket of this machine: expected docker, podman or unix:///path; a container on another machine could not be reached through its loopback address`,
  };
}

const windowsPipes: readonly EngineSocket[] = [
  { path: '//./pipe/docker_engine', from: 'Docker Desktop' },
  { path: '//./pipe/podman-machine-default', from: 'Podman machine' },
];

function unixSockets({ environment, home, uid }: Surroundings): readonly EngineSocket[] {
  const runtime = environment['XDG_RUNTIME_DIR'] || (uid === undefined || uid === 0 ? undefined : `/run/user/${uid}`);
  const own = (path: string, from: string) => (runtime === undefined ? [] : [{ path: join(runtime, path), from }]);
  return [
    { path: '/var/run/docker.sock', from: 'Docker' },
    ...own('docker.sock', 'Docker, rootless'),
    { path: join(home, '.docker/run/docker.sock'), from: 'Docker Desktop' },
    { path: join(home, '.docker/desktop/docker.sock'), from: 'Docker Desktop on Linux' },
    { path: join(home, '.colima/default/docker.sock'), from: 'Colima' },
    { path: join(home, '.orbstack/run/docker.sock'), from: 'OrbStack' },
    { path: join(home, '.rd/docker.sock'), from: 'Rancher Desktop' },
    ...own('podman/podman.sock', 'Podman, rootless'),
    { path: '/run/podman/podman.sock', from: 'Podman' },
    { path: join(home, '.local/share/containers/podman/machine/podman.sock'), from: 'Podman machine' },
  ];
}
