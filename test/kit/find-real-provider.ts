export interface RealProvider {
  /** Where it answers; empty when there is none. */
  readonly url: string;
  /** Why its tests are skipped; false when it is there. */
  readonly skip: string | false;
}

/** The real identity provider, container engine, or client, that `npm test` started for this file (tools/real).
 * @throws Error when it should be there and did not start
 */
export function findRealProvider(
  variable: 'TEST_KEYCLOAK' | 'TEST_SPRING' | 'TEST_HELM' | 'TEST_ENGINE' | 'TEST_CODEX' | 'TEST_CLAUDE_CODE',
): RealProvider {
  const found = JSON.parse(process.env[variable] ?? '{"missing":"npm test starts it, nobody else"}') as Found;
  if ('failed' in found) throw new Error(found.failed);
  if ('missing' in found && process.env[`REQUIRE_${variable.slice('TEST_'.length)}`] !== undefined)
    throw new Error(`It has to be here (REQUIRE_${variable.slice('TEST_'.length)}): ${found.missing}`);
  return 'url' in found ? { url: found.url, skip: false } : { url: '', skip: found.missing };
}

type Found = { readonly url: string } | { readonly missing: string } | { readonly failed: string };
