import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { leafOfFlag } from '../../src/config/leaves.ts';
import { loadConfig, type LoadedConfig, type LoadOptions } from '../../src/config/load.ts';
import type { GivenFlag } from '../../src/config/read-flags.ts';
import { UsherError } from '../../src/model/usher-error.ts';

/** A folder that goes when the test ends. */
export function makeFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'usher-test-'));
  // Retried: a program that is only now being stopped may still write there.
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return folder;
}

/** Writes a file into such a folder, and gives its path. */
export function writeText(context: TestContext, name: string, text: string): string {
  const path = join(makeFolder(context), name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** A flag as it would stand on the command line. */
export function flag(name: string, ...texts: string[]): GivenFlag {
  return { leaf: leafOfFlag(name), label: `--${name}`, texts };
}

/** What `usher run` would load. */
export function loadOne(options: Partial<LoadOptions>): LoadedConfig {
  const spelling = { upstream: 'URL', upstreamAdvice: 'give a URL' };
  return loadConfig({ flags: [], environment: {}, oneServer: { spelling }, ...options });
}

/** The lines of the report, without heading; empty when the configuration can be used. */
export function problemsOf(load: () => LoadedConfig): string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (!(error instanceof UsherError)) throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

/** Enough for a server whose callers are checked. */
export const jwt = [flag('oidc-issuer', 'https://issuer.example.com'), flag('oidc-audience', 'mcpserver')];
export const target = flag('target-uri', 'http://127.0.0.1:1/mcp');
/** An exchange, but for its secret. */
export const exchange = [
  flag('token-exchange-url', 'https://issuer.example.com/token'),
  flag('token-exchange-client-id', 'gateway'),
  flag('token-exchange-audience', 'backend'),
];
export const secret = { USHER_TOKEN_EXCHANGE_CLIENT_SECRET: 'topsecret' };

/** What is wrong with these flags and variables. */
export function problems(flags: LoadOptions['flags'], environment: LoadOptions['environment'] = {}): string[] {
  return problemsOf(() => loadOne({ flags, environment }));
}

/** What is wrong with this file; its name is usher.yaml in the report. */
export function fileProblems(
  context: TestContext,
  text: string,
  environment: LoadOptions['environment'] = {},
): string[] {
  const file = writeText(context, 'usher.yaml', text);
  const folder = file.slice(0, -'usher.yaml'.length);
  return problemsOf(() => loadConfig({ file, flags: [], environment })).map((line) => line.replaceAll(folder, ''));
}
