import { readSigningKeys, readSigningKeysVersion, rotateSigningKeys, type SigningKeys } from '../signing-keys.ts';

/** A tenant's keys, which others may rotate in the state folder while it runs. */
export interface TenantKeys {
  current(): SigningKeys;
  /** Takes over what was put into the state folder. */
  refresh(): Promise<void>;
  rotate(nowMs: number): Promise<void>;
}

/** @param name of the flavour: what the keys are kept under */
export async function openTenantKeys(stateDir: string, name: string): Promise<TenantKeys> {
  let keys = await readSigningKeys(stateDir, name);
  let version = await readSigningKeysVersion(stateDir, name);
  return {
    current: () => keys,
    async refresh() {
      const found = await readSigningKeysVersion(stateDir, name);
      if (found === version) return;
      keys = await readSigningKeys(stateDir, name);
      version = found;
    },
    async rotate(nowMs) {
      keys = await rotateSigningKeys(stateDir, name, nowMs);
      version = await readSigningKeysVersion(stateDir, name);
    },
  };
}
