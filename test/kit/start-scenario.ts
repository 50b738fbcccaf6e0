import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLab, type Lab } from '../../src/demo/start-lab.ts';
import { signInUser } from '../../src/demo/sign-in-user.ts';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import { readFile } from 'node:fs/promises';

/** Ports of their own for tests that run side by side; busy ones are stepped over all the same. */
export const testPorts = (() => {
  const first = 20_000 + (process.pid % 350) * 100;
  return { gateway: first, idpHttp: first + 20, idpHttps: first + 40, api: first + 60, mcpServer: first + 80 };
})();

export interface Scenario extends Lab {
  /** The access token of the seed's first user, got by the real sign-in. */
  signIn(): Promise<string>;
  records(): Promise<readonly AuditRecord[]>;
}

/** The whole scenario on real parts: identity provider, countries API, its MCP server, gateway. */
export async function startScenario(options: { readonly mcpServer?: string } = {}): Promise<Scenario> {
  const stateDir = await mkdtemp(join(tmpdir(), 'usher-scenario-'));
  const stop = new AbortController();
  const lab = await startLab(
    {
      once: true,
      json: false,
      ports: testPorts,
      stateDir,
      columns: 80,
      print: () => {},
      stop: stop.signal,
      ...options,
    },
    () => {},
  );
  return {
    ...lab,
    async signIn() {
      const [user] = lab.idp.users;
      const { callerToken } = await signInUser({
        mcpUrl: lab.mcpUrl,
        clientId: 'demo',
        redirectUri: 'http://127.0.0.1:33333/callback',
        username: user?.login ?? '',
        password: user?.password ?? '',
        caFile: lab.idp.caFile,
      });
      return callerToken;
    },
    async records() {
      await new Promise((resolve) => setTimeout(resolve, 60));
      const lines = (await readFile(lab.auditFile, 'utf8')).split('\n').filter((line) => line !== '');
      return lines.map((line): AuditRecord => JSON.parse(line));
    },
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
