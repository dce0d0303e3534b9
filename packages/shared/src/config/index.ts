export { ConfigError, loadConfig, type ConfigOf, type Fragment, type Fragments } from './load.ts';
export { choice, flag, integer, optional, text, url, type Setting } from './setting.ts';
export * from './fragments.ts';
export { readEnvironment } from './env.ts';
