import assert from 'node:assert/strict';
import { parseRecord, type UndoRecord } from '../../../src/setup/undo-record.ts';
import { orRefusal, type Target } from '../target.ts';

const setUp = { provider: 'okta', title: 'Okta', target: 'https://example.okta.com' } as const;

/** A record whose requests stay at their target, below its root, and whose files stay in their folder. */
export function check(text: string): UndoRecord | undefined {
  const record = orRefusal(() => parseRecord(text, 'usher-setup.json', setUp), ['start']);
  for (const { path } of record?.steps.flatMap(({ requests }) => requests) ?? []) {
    const url = new URL(setUp.target + path);
    assert.equal(url.origin, setUp.target);
    assert.equal(url.pathname + url.search + url.hash, path.replaceAll(/["<>^`{}']/g, encodeURI));
    assert.doesNotMatch(path, /\/\.\.?(\/|$)/);
  }
  for (const name of Object.keys(record?.files ?? {})) assert.doesNotMatch(name, /[/\\]|^\./);
  return record;
}

const good = JSON.stringify({
  version: 1,
  provider: 'okta',
  target: setUp.target,
  steps: [
    {
      sentence: 'Delete the app "MCP gateway" (0oa1)',
      requests: [
        { method: 'POST', path: '/api/v1/apps/0oa1/lifecycle/deactivate' },
        { method: 'PUT', path: '/api/v1/apps/0oa1', body: { label: 'x' } },
      ],
    },
  ],
  files: { 'usher.yaml': 'abc' },
});

export const target: Target = {
  seeds: [
    good,
    good.replace('okta.com', 'other.com'),
    good.replace('okta.com', 'x'.repeat(3_000)),
    good.replace('/api/v1/apps/0oa1"', '/api/../admin"'),
    good.replace('/api/v1/apps/0oa1"', '/../admin"'),
    good.replace('/api/v1/apps/0oa1"', '//evil.example/x"'),
    good.replace('usher.yaml', '../usher.yaml'),
    '{}',
    '[',
  ],
  fuzz: (bytes) => void check(bytes.toString('utf8')),
};
