import { defineConfig } from 'vite';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // The page's content security policy allows no data: styles or scripts.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700, // hls.js, loaded when there is something to play.
  },
});
