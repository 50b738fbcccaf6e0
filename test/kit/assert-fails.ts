import assert from 'node:assert/strict';
import type { ErrorCode } from '../../src/model/errors.ts';
import { UsherError } from '../../src/model/usher-error.ts';

/** Asserts that something ends with this refusal, whose sentence fits. */
export async function assertFails(
  work: Promise<unknown> | (() => unknown),
  code: ErrorCode,
  message = /./,
): Promise<void> {
  const promise = typeof work === 'function' ? Promise.resolve().then(work) : work;
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof UsherError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}
