import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSecretStore } from '../../src/secrets/open-secret-store.ts';
import { post } from './call.ts';
import { makeFolder } from './config-input.ts';
import { DeviceVisitor, type DevicePerson } from './device-visitor.ts';
import { startProgram } from './run-program.ts';
import type { TestServer } from './start-http-server.ts';
import { claimsOf } from './start-test-idp.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));

/** `usher proxy` on a machine without a browser, whose operator signs in. */
export type LoginProgram = ReturnType<typeof startLoginProgram>;

/** Starts it in front of a server.
 * @param options of the command line, in one text: where to sign in, and what to exchange the token for
 */
export function startLoginProgram(context: TestContext, behind: TestServer, options: string) {
  const home = makeFolder(context);
  const env = { HOME: home, USHER_SECRETS_KEY: 'file', DISPLAY: '', WAYLAND_DISPLAY: '', BROWSER: '' };
  const words = `proxy demo-mcp-server --target-uri ${behind.url} --port 0 --remote-auth ${options}`;
  const usher = startProgram([process.execPath, launcher, ...words.trim().split(/\s+/)], { env });
  context.after(() => usher[Symbol.asyncDispose]());
  return { ...usher, callerToken: () => openSecretStore(env).find('caller/demo-mcp-server')?.reveal() };
}

/** Does on another device what the gateway says, as Alice; returns the last page. */
export async function followOnDevice(usher: LoginProgram, more: Partial<DevicePerson> = {}): Promise<string> {
  await usher.said('and give the code', 60_000);
  const { stderr } = usher.output();
  const url = /Sign in on any device at\n\n {2}(\S+)\n/.exec(stderr)?.[1] ?? '';
  const userCode = /and give the code\n\n {2}(\S+)\n/.exec(stderr)?.[1] ?? '';
  return await new DeviceVisitor().signIn(url, {
    userCode,
    username: 'alice@example.com',
    password: 'alice',
    ...more,
  });
}

/** A call goes on; returns what the server behind was given in Authorization, decoded. */
export async function callThrough(usher: LoginProgram, behind: TestServer): Promise<Readonly<Record<string, unknown>>> {
  await usher.said(/demo-mcp-server +http/, 60_000);
  const url = /(http:\/\/(?:localhost|127\.0\.0\.1):\d+\/mcp)/.exec(usher.output().stderr)?.[1] ?? '';
  const seen = behind.seen.length;
  const answer = await post(url, usher.callerToken());
  assert.equal(answer.status, 200, await answer.text());
  return claimsOf(behind.seen[seen]?.headers.authorization?.replace('Bearer ', ''));
}
