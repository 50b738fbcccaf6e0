import { decisiveKeys, findJsonHazard } from '../lib/find-json-hazard.ts';
import { parseJson } from '../lib/parse-json.ts';

/** No description of a server is so deep. */
const hazards = { decisive: decisiveKeys({}), levels: 100 };

/** What a registry says, or what is wrong with it, as the rest of a clause: of a key that stands twice nobody knows which one was agreed to. */
export function parseRegistryText(text: string): { readonly found: unknown } | { readonly problem: string } {
  const hazard = findJsonHazard(text, hazards);
  if (hazard !== undefined) return { problem: `cannot be relied on: ${hazard}` };
  const found = parseJson(text);
  return found === undefined ? { problem: 'is not JSON' } : { found };
}
