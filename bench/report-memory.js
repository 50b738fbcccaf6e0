// Loaded into a gateway before its own code (--import) where the benchmark wants to know its memory. Plain JavaScript:
// what takes the types out of a module stays in memory, and would be measured with it. Speaks as answerQuestions does.

/** @param {{ id: number, kind: string, body: { collects: boolean } }} message */
function answer({ id, kind, body: { collects } }) {
  if (kind !== 'memory') throw new Error(`Nobody here answers "${kind}"`);
  // As V8 does before it gives up: the young generation shrinks, and pages that are free go back to the system.
  if (collects) globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ id, kind, body: { rssBytes: rss, heapBytes: heapUsed, externalBytes: external } });
}

process.on('message', answer);
process.on('disconnect', () => process.exit());
process.channel?.unref();
