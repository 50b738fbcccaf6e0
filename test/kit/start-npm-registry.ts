import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { runProgram } from './run-program.ts';
import { sendJson, startHttpServer } from './start-http-server.ts';

/** A package as its author has it: a manifest, and files by path. */
export interface TestPackage {
  readonly manifest: { readonly name: string; readonly version: string; readonly [key: string]: unknown };
  readonly files: Readonly<Record<string, string>>;
  /** What the registry says of the tarball in place of the truth. */
  readonly integrity?: string;
  /** Never answers for the tarball. */
  readonly hangs?: boolean;
}

/** A registry of npm on loopback that has these packages, each packed by npm. */
export async function startNpmRegistry(context: TestContext, packages: readonly TestPackage[]) {
  const folder = await mkdtemp(join(tmpdir(), 'usher-npm-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const packed = await Promise.all(packages.map((one, index) => pack(join(folder, String(index)), one)));
  const registry = await startHttpServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, registry.url).pathname).slice(1);
    const tarball = packed.find((one) => one.path === path);
    if (tarball?.hangs === true) return;
    if (tarball !== undefined) return void response.end(tarball.bytes);
    const versions = packed.filter(({ manifest }) => manifest.name === path);
    if (versions.length === 0) return sendJson(response, 404, { error: 'Not found' });
    sendJson(response, 200, {
      name: path,
      'dist-tags': { latest: versions.at(-1)?.manifest.version },
      versions: Object.fromEntries(versions.map((one) => [one.manifest.version, describeVersion(one, registry.url)])),
    });
  });
  context.after(() => registry[Symbol.asyncDispose]());
  return { url: registry.url, seen: registry.seen, close: () => registry[Symbol.asyncDispose]() };
}

type Packed = Awaited<ReturnType<typeof pack>>;

async function pack(folder: string, one: TestPackage) {
  const source = join(folder, 'source');
  for (const [path, text] of Object.entries({ ...one.files, 'package.json': JSON.stringify(one.manifest) })) {
    await mkdir(dirname(join(source, path)), { recursive: true });
    await writeFile(join(source, path), text);
  }
  const { code, stdout, stderr } = await runProgram(
    ['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder, source],
    { cwd: folder, env: { npm_config_cache: join(folder, 'cache') } },
  );
  const file = /"filename": "([^"]+)"/.exec(stdout)?.[1];
  if (code !== 0 || file === undefined) throw new Error(`npm pack failed: ${stderr}`);
  const { name, version } = one.manifest;
  return { ...one, bytes: await readFile(join(folder, file)), path: `${name}/-/${version}.tgz` };
}

/** As the registry's API has it (github.com/npm/registry, docs/responses/package-metadata.md). */
function describeVersion({ manifest, bytes, path, integrity }: Packed, url: string) {
  const scripts = Object.keys(Object(manifest['scripts']));
  const hash = (algorithm: string, encoding: 'hex' | 'base64') => createHash(algorithm).update(bytes).digest(encoding);
  return {
    ...manifest,
    ...(scripts.some((name) => /^(?:pre|post)?install$/.test(name)) ? { hasInstallScript: true } : {}),
    dist: {
      tarball: `${url}/${path}`,
      integrity: integrity ?? `sha512-${hash('sha512', 'base64')}`,
      ...(integrity === undefined ? { shasum: hash('sha1', 'hex') } : {}),
    },
  };
}
