import type { Fault } from '../fault.ts';

/** One meaning, from wherever it is seen: what explain and doctor both have to name, or one of these. */
export function both(...causes: [string, ...string[]]): Pick<Fault, 'explain' | 'doctor'> {
  return { explain: causes, doctor: causes };
}
