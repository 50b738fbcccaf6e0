// Loaded into a gateway before its own code (--import) where the benchmark wants to know its memory. Plain JavaScript:
// what takes the types out of a module stays in memory, and would be measured with it. Speaks as answerQuestions does.

/** @param {{ id: number, kind: string, body: { collects: boolean } }} message */
function answer({ id, kind, body: { collects } }) {
  if (kind !== 'memory') throw new Error(`Nobody here answers "${kind}"`);
  if (collects) globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ id, kind, body: { rssBytes: rss, heapBytes: heapUsed, externalBytes: external } });
}

process.on('message', answer);
process.on('disconnect', () => process.exit());
process.channel?.unref();
