const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** In the largest unit that it has at least one of. */
export function describeDuration(ms: number): string {
  const [unit, length] = units.find(([, one]) => ms >= one) ?? units[3];
  return `${Math.floor(ms / length)} ${unit}`;
}

/** `3 min ago` */
export function describeAge(at: string, nowMs: number): string {
  return `${describeDuration(Math.max(0, nowMs - Date.parse(at)))} ago`;
}
