import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseImageReference, pinnedForm } from './image-reference.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const cases = [
  ['acme/server', 'acme/server', 'latest'],
  ['acme/server:1.2', 'acme/server', '1.2'],
  ['localhost:5000/server', 'localhost:5000/server', 'latest'],
  ['localhost:5000/server:1', 'localhost:5000/server', '1'],
  [`ghcr.io/acme/server@${digest}`, 'ghcr.io/acme/server', digest],
  [`ghcr.io/acme/server:1@${digest}`, 'ghcr.io/acme/server', digest],
] as const;

for (const [image, name, tag] of cases) {
  test(`${image} – parsed – ${name} and ${tag}`, () => {
    const found = parseImageReference(image);
    assert.deepEqual([found.name, found.tag, found.isDigest], [name, tag, image.includes('@')]);
  });
}

test('an image with digests of several registries – pinned – by the one it was named after', () => {
  assert.equal(
    pinnedForm('ghcr.io/acme/server:1', [`mirror.example/acme/server@${digest}`, `ghcr.io/acme/server@${digest}`]),
    `ghcr.io/acme/server@${digest}`,
  );
});

test('an image that was made here – pinned – has no such form', () => {
  assert.equal(pinnedForm('localhost/made:1', []), undefined);
});
