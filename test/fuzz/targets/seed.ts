import assert from 'node:assert/strict';
import { defaultSeed } from '../../../src/idp/seed/default-seed.ts';
import { parseSeed } from '../../../src/idp/seed/parse-seed.ts';
import type { Seed } from '../../../src/idp/seed/seed-schema.ts';
import { UsherError } from '../../../src/model/usher-error.ts';
import type { Target } from '../target.ts';

/** A seed, or every problem on a line of its own with its place. */
export function check(text: string): Seed | undefined {
  try {
    return parseSeed(text, 'seed.yaml');
  } catch (error) {
    if (!(error instanceof UsherError)) throw error;
    assert.equal(error.code, 'config_invalid');
    const [heading, ...problems] = error.message.split('\n');
    assert.equal(heading, 'Cannot use the seed:');
    assert.ok(problems.length > 0);
    assert.match(problems[0] ?? '', /^ {2}seed\.yaml:\d+:\d+ ./);
    return undefined;
  }
}

export const target: Target = {
  seeds: [defaultSeed, defaultSeed.slice(0, 600), 'a: &a [*a]\n', 'servers: {}\n', '{"users":[]}', '? [a]\n: b\n'],
  fuzz: (bytes) => void check(bytes.toString('utf8')),
};
