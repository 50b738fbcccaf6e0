import { createHash } from 'node:crypto';
import { type Package, type Runner, spellPackage } from './package.ts';

/** A package as a container: an image that has its runner, told what to run. */
export interface ContainedPackage {
  readonly image: string;
  /** The runner and its arguments; those of the server follow. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A volume of the engine, for what was fetched. */
  readonly volume: string;
}

const cache = '/cache';

/** Images of whoever makes the runner: hub.docker.com/_/node, docs.astral.sh/uv/guides/integration/docker, hub.docker.com/_/golang.
 * All of it is put into the volume, since nothing else can be written to, and nothing in /tmp can be run.
 */
const runners: Readonly<
  Record<
    Runner,
    {
      image: string;
      args: readonly string[];
      env: Readonly<Record<string, string>>;
      scripts: Readonly<Record<string, string>>;
    }
  >
> = {
  npx: {
    image: 'docker.io/library/node:24-slim',
    args: ['npx', '--yes', '--'],
    env: { HOME: '/tmp', npm_config_cache: cache, npm_config_update_notifier: 'false' },
    scripts: { npm_config_ignore_scripts: 'true', npm_config_allow_git: 'none', npm_config_git: '/no-git' },
  },
  uvx: {
    image: 'ghcr.io/astral-sh/uv:python3.13-bookworm-slim',
    args: ['uvx'],
    env: { HOME: '/tmp', UV_CACHE_DIR: cache, UV_LINK_MODE: 'copy', UV_PYTHON_DOWNLOADS: 'never' },
    scripts: { UV_NO_BUILD: '1' },
  },
  go: {
    image: 'docker.io/library/golang:1.26',
    args: ['go', 'run'],
    env: { HOME: '/tmp', GOPATH: `${cache}/go`, GOCACHE: `${cache}/build`, GOTMPDIR: cache },
    scripts: {},
  },
};

export interface ContainOptions {
  /** May code of packages run while they are fetched? */
  readonly allowsScripts: boolean;
  /** Another image that has the runner. */
  readonly image?: string | undefined;
}

/** Says which container runs a package of exactly one version. Each has a volume of its own: what one server writes there
 * must not be what another runs.
 */
export function containPackage(
  wanted: Package & { readonly version: string },
  options: ContainOptions,
): ContainedPackage {
  const { image, args, env, scripts } = runners[wanted.runner];
  const separator = wanted.runner === 'uvx' ? '==' : '@';
  const digest = createHash('sha256')
    .update(`${spellPackage(wanted)} ${options.allowsScripts}`)
    .digest('hex');
  return {
    image: options.image ?? image,
    args: [...args, `${wanted.name}${separator}${wanted.version}`],
    env: { ...env, ...(options.allowsScripts ? {} : scripts) },
    volume: `usher-packages-${wanted.runner}-${digest.slice(0, 16)}:${cache}`,
  };
}
