// Puts the compiled sources into few files: `node tools/bundle.js ENTRY FOLDER`. Node.js reads a module at a time, and a start
// would spend half of its time on it. Dependencies stay what they are, in packages of their own.
import { isAbsolute } from 'node:path';
import { rolldown } from 'rolldown';

const [entry = '', folder = ''] = process.argv.slice(2);
const bundle = await rolldown({
  input: entry,
  platform: 'node',
  external: (id) => !id.startsWith('.') && !isAbsolute(id),
});
await bundle.write({ dir: folder, format: 'esm', entryFileNames: 'main.js', chunkFileNames: '[name].js' });
await bundle.close();
