// Loaded into a gateway before its own code (--import) where the benchmark wants to know its memory.
import { answerQuestions } from './peer.ts';

answerQuestions({
  memory: () => {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    return { rssBytes: rss, heapBytes: heapUsed };
  },
});
process.channel?.unref();
