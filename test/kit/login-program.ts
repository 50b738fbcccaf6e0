import assert from 'node:assert/strict';
import { after, before, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSecretStore } from '../../src/secrets/open-secret-store.ts';
import { post } from './call.ts';
import { makeFolder } from './config-input.ts';
import { DeviceVisitor, type DevicePerson } from './device-visitor.ts';
import { freePort } from './free-port.ts';
import { type StartedProgram, startProgram } from './run-program.ts';
import { findSignInUrl } from './sign-in-at.ts';
import { sendJson, startHttpServer, type TestServer } from './start-http-server.ts';
import { claimsOf, startTestIdp, type TestIdp } from './start-test-idp.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));

export interface LoginProgramOptions {
  /** In front of what; its URL. */
  readonly target: string;
  /** Of the command line, in one text: where to sign in, and what to exchange the token for. */
  readonly flags: string;
  readonly name?: string;
  /** Of an earlier one, whose login it then has; a new one when absent. */
  readonly home?: string;
}

/** `usher proxy --remote-auth` as a process of its own, on a machine without a browser. */
export interface LoginProgram extends StartedProgram {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where it listens, and the token local callers need, once it takes calls. */
  ready(): Promise<{ readonly url: string; readonly callerToken: string | undefined }>;
  /** The address to sign in at, once it says one. */
  signInUrl(): Promise<string>;
}

/** Starts it; it is stopped when the test ends. */
export function startLoginProgram(
  context: TestContext,
  { target, flags, name = 'demo-mcp-server', home = makeFolder(context) }: LoginProgramOptions,
): LoginProgram {
  const env = { HOME: home, USHER_SECRETS_KEY: 'file', USHER_AUDIT_FILE: `${home}/audit.jsonl` };
  const words = `proxy ${name} --target-uri ${target} --port 0 --remote-auth ${flags}`;
  const usher = startProgram([process.execPath, launcher, ...words.trim().split(/\s+/)], { env });
  context.after(() => usher[Symbol.asyncDispose]());
  return {
    ...usher,
    home,
    env,
    async ready() {
      await usher.said(new RegExp(`${name} +http`), 60_000);
      const url = /(http:\/\/(?:localhost|127\.0\.0\.1):\d+\/mcp)/.exec(usher.output().stderr)?.[1] ?? '';
      return { url, callerToken: openSecretStore(env).find(`caller/${name}`)?.reveal() };
    },
    async signInUrl() {
      const wanted = 'Sign in with a browser at';
      await usher.said(wanted, 60_000);
      // There may have been a code before.
      const [, told = ''] = usher.output().stderr.split(wanted);
      return findSignInUrl(told);
    },
  };
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
  const { url, callerToken } = await usher.ready();
  const seen = behind.seen.length;
  const answer = await post(url, callerToken);
  assert.equal(answer.status, 200, await answer.text());
  return claimsOf(behind.seen[seen]?.headers.authorization?.replace('Bearer ', ''));
}

/** The provider and the server behind of the scenario's second command, for all tests of a file. */
export interface UsedLogin {
  readonly idp: TestIdp;
  readonly behind: TestServer;
  /** Its flags as they are spelled there, but for `--remote-auth` itself. */
  flags(): string;
}

/** Starts them before the tests around, and stops them after these. */
export function useScenarioLogin(): UsedLogin {
  let started: { readonly idp: TestIdp; readonly behind: TestServer; readonly callbackPort: number } | undefined;
  const parts = () => {
    if (started === undefined) throw new Error('they are there within tests only');
    return started;
  };
  before(async () => {
    const callbackPort = await freePort();
    const idp = await startTestIdp((seed) => {
      const vscode = seed.apps.find(({ clientId }) => clientId === 'vscode');
      Object.assign(vscode ?? {}, { redirectUris: [`http://localhost:${callbackPort}/callback`] });
    });
    started = { idp, callbackPort, behind: await startSilentServer() };
  });
  after(async () => {
    await started?.idp[Symbol.asyncDispose]();
    await started?.behind[Symbol.asyncDispose]();
  });
  return {
    get idp() {
      return parts().idp;
    },
    get behind() {
      return parts().behind;
    },
    flags() {
      const { idp, callbackPort } = parts();
      return `--remote-auth-client-id vscode --remote-auth-client-secret vscode-development-secret
        --remote-auth-issuer ${idp.server('mcpserver').issuer} --remote-auth-scopes mcp:tools:call,openid,email
        --remote-auth-callback-port ${callbackPort} --ca-file ${idp.idp.caFile} ${exchangeFlags(idp)}`;
    },
  };
}

/** How the gateway of the built-in seed exchanges tokens. */
export function exchangeFlags(idp: TestIdp): string {
  return `--token-exchange-audience backend --token-exchange-client-id gateway
    --token-exchange-client-secret gateway-development-secret --token-exchange-scopes backend-api:read
    --token-exchange-url ${idp.server('backend').tokenUrl}`;
}

/** An MCP server that has an empty answer to everything. */
export function startSilentServer(): Promise<TestServer> {
  return startHttpServer((_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }));
}
