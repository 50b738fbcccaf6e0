import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { startHttpServer } from './start-http-server.ts';
import { engineUrl, nodeImage } from './test-engine.ts';

const saved = z.tuple([z.object({ Config: z.string(), Layers: z.array(z.string()) })]);
const imageConfig = z.looseObject({ config: z.looseObject({ Env: z.array(z.string()).nullish() }) });
const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const digestOf = (bytes: string | Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry of images on loopback (OCI Distribution Specification, as far as pulling needs it), with one image: Node.js, and
 * the variable VERSION. What its tag means can be changed while it runs.
 */
export async function startImageRegistry(context: TestContext, repository: string, tag: string) {
  const folder = await mkdtemp(join(tmpdir(), 'usher-images-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const { config, layers } = await unpackNodeImage(folder);
  const blobs = new Map<string, string | { readonly file: string; readonly size: number }>();
  const manifests = new Map<string, string>();
  for (const { digest, file, size } of layers) blobs.set(digest, { file, size });

  /** Lets the tag mean Node.js with this version. */
  function publish(version: string): string {
    const changed = {
      ...config,
      config: { ...config.config, Env: [...(config.config.Env ?? []), `VERSION=${version}`] },
    };
    const text = JSON.stringify(changed);
    blobs.set(digestOf(text), text);
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        size: Buffer.byteLength(text),
        digest: digestOf(text),
      },
      layers: layers.map(({ digest, size }) => ({
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar',
        size,
        digest,
      })),
    });
    manifests.set(digestOf(manifest), manifest);
    manifests.set(tag, manifest);
    return digestOf(manifest);
  }

  const registry = await startHttpServer(({ url, method }, response) => {
    const found = new RegExp(`^/v2/${repository}/(manifests|blobs)/([^/?]+)$`).exec(url);
    if (found === null) return void response.writeHead(url === '/v2/' ? 200 : 404).end();
    const [, kind, name = ''] = found;
    const wanted = kind === 'manifests' ? manifests.get(name) : blobs.get(name);
    if (wanted === undefined) return void response.writeHead(404).end();
    const isText = typeof wanted === 'string';
    response.writeHead(200, {
      'content-type': kind === 'manifests' ? manifestType : 'application/octet-stream',
      'content-length': isText ? Buffer.byteLength(wanted) : wanted.size,
      'docker-content-digest': kind === 'manifests' && isText ? digestOf(wanted) : name,
    });
    if (method === 'HEAD') response.end();
    else if (isText) response.end(wanted);
    else createReadStream(wanted.file).pipe(response);
  });
  context.after(() => registry[Symbol.asyncDispose]());
  const image = `${new URL(registry.url).host}/${repository}`;
  return { publish, image };
}

/** The configuration of the engine's image of Node.js, and its layers as files. */
async function unpackNodeImage(folder: string) {
  const archive = join(folder, 'image.tar');
  await new Promise<void>((resolve, reject) => {
    const socketPath = engineUrl.replace('unix://', '');
    request({ socketPath, path: `/images/${nodeImage}/get`, headers: { host: 'engine' } }, (answer) => {
      pipeline(answer, createWriteStream(archive)).then(resolve, reject);
    })
      .once('error', reject)
      .end();
  });
  await promisify(execFile)('tar', ['-C', folder, '-xf', archive]);
  const [{ Config, Layers }] = saved.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')));
  const config = imageConfig.parse(JSON.parse(await readFile(join(folder, Config), 'utf8')));
  const layers = await Promise.all(
    Layers.map(async (name) => {
      const file = join(folder, name);
      const bytes = await readFile(file);
      return { file, size: bytes.length, digest: digestOf(bytes) };
    }),
  );
  return { config, layers };
}
