import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lastStage, readDockerfile } from './kit/image-of-usher.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const instructions = readDockerfile();
const restsOf = (word: string) => instructions.filter((one) => one.word === word).map(({ rest }) => rest);

test('what the image is built on – one image of Node.js, by its version and digest, new enough for the package', () => {
  const [base = ''] = restsOf('ARG').filter((rest) => rest.startsWith('NODE_IMAGE='));
  const [, version = ''] =
    /^NODE_IMAGE=docker\.io\/library\/node:(\d+\.\d+\.\d+)-[a-z]+-slim@sha256:[0-9a-f]{64}$/.exec(base) ?? [];
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  assert.equal(`>=${version.split('.')[0]}`, engines.node, base);
  assert.deepEqual(
    restsOf('FROM').map((rest) => rest.split(' ')[0]),
    ['${NODE_IMAGE}', '${NODE_IMAGE}'],
  );
});

test('the image – is not of root, starts usher, and holds what tools/image-files.js writes', () => {
  const stage = lastStage();
  assert.deepEqual(
    stage.filter(({ word }) => ['USER', 'ENTRYPOINT', 'COPY', 'RUN', 'ADD', 'VOLUME'].includes(word)),
    [
      { word: 'COPY', rest: '--from=build /out /' },
      { word: 'USER', rest: '65532:65532' },
      { word: 'ENTRYPOINT', rest: '["usher"]' },
    ],
  );
  assert.match(restsOf('RUN').at(-1) ?? '', /node tools\/image-files\.js \/out$/);
});

test('packages – installed as they are locked, and without their scripts', () => {
  for (const rest of restsOf('RUN').filter((one) => one.includes('npm')))
    assert.match(rest, /npm ci --ignore-scripts|npm run build/);
  assert.doesNotMatch(restsOf('RUN').join(), /curl|wget|apt-get|npm install/);
});

test('what is copied into the build – is there, and is let in by .dockerignore, which shuts everything else out', () => {
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(lines[0], '*');
  const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  for (const path of allowed) assert.ok(existsSync(join(root, path)), path);
  const copied = restsOf('COPY').flatMap((rest) => (rest.startsWith('--from') ? [] : rest.split(' ').slice(0, -1)));
  for (const path of copied.filter((one) => one !== '.'))
    assert.ok(
      allowed.some((one) => path === one || path.startsWith(`${one}/`)),
      path,
    );
});

test('the version of the image – is that of the package, and of the chart', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  assert.ok(restsOf('ARG').includes(`VERSION=${version}`));
  assert.match(
    read('charts/usher/Chart.yaml'),
    new RegExp(`^appVersion: ['"]?${version.replaceAll('.', '\\.')}['"]?$`, 'm'),
  );
});

test('the user of the image – is the one the chart runs it as', () => {
  const values = read('charts/usher/values.yaml');
  const [user = '', group = ''] = (restsOf('USER').at(-1) ?? '').split(':');
  assert.match(values, new RegExp(`runAsUser: ${user}\\n\\s*runAsGroup: ${group}\\n`));
});
