import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../model/log.ts';
import { fail } from '../model/usher-error.ts';
import { startProcess } from '../workloads/process/start-process.ts';

const examples = fileURLToPath(new URL('../../examples/countries', import.meta.url));
const startTimeoutSeconds = 20;

/** @throws UsherError step_failed where the example is not */
export function requireExample(): void {
  if (existsSync(examples)) return;
  throw fail('step_failed', {
    step: 'The demo',
    reason: 'the countries example is not part of the installed package; clone the repository and run npm start there',
  });
}

/** Whose tokens a program takes. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  readonly caFile: string;
  /** Takes only tokens that are bound to a key (DPoP). */
  readonly requireDpop?: boolean;
  /** For compiled code, so that the next start is faster. */
  readonly stateDir: string;
}

interface Common extends TrustedIssuer {
  readonly port: number;
  /** Takes what it prints. */
  readonly lines?: string[];
}

/** Starts the API, on a port of its own. */
export function startCountriesApi(options: Common): ReturnType<typeof startProcess> {
  return start('countries API', [process.execPath, join(examples, 'api/main.ts')], options, {
    PORT: String(options.port),
    REQUIRE_AUTH: 'true',
    REQUIRE_DPOP: String(options.requireDpop === true),
    LOG_FORMAT: 'json',
  });
}

/** Starts the MCP server in front of it: the example's own, or another program that takes the same configuration file. */
export function startCountriesServer(
  options: Common & { readonly apiUrl: string; readonly program?: string | undefined },
): ReturnType<typeof startProcess> {
  const { port, apiUrl, program } = options;
  const command = program === undefined ? [process.execPath, join(examples, 'mcp/main.ts')] : [program];
  return start('MCP server', [...command, join(examples, 'apollo-mcp-config.yaml')], options, {
    COUNTRIES_DIR: examples,
    COUNTRIES_API_URL: apiUrl,
    COUNTRIES_MCP_PORT: String(port),
    COUNTRIES_MCP_RESOURCE: `http://127.0.0.1:${port}/mcp`,
  });
}

function start(
  name: string,
  command: readonly string[],
  { issuer, audience, scopes, caFile, stateDir, port, lines = [] }: Common,
  env: Readonly<Record<string, string>>,
): ReturnType<typeof startProcess> {
  const keep = (line: string) => void lines.push(line);
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep };
  return startProcess(
    name,
    {
      command: [...command],
      targetPort: port,
      env: {
        OKTA_ISSUER: issuer,
        OKTA_AUDIENCE: audience,
        REQUIRED_SCOPES: scopes.join(' '),
        NODE_EXTRA_CA_CERTS: caFile,
        STOP_WITH_PARENT: 'true',
        NODE_COMPILE_CACHE: join(stateDir, 'compile-cache'),
        ...env,
      },
      startTimeoutSeconds,
    },
    { log },
  );
}
