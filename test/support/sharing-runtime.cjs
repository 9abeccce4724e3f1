// Jest's runtime without a machine of its own for each test file: Node.js loads the files that bundled-tests.mjs built, so the sources
// and the packages are loaded once in each worker. Of the methods that jest's runner calls, those for mocks do nothing.
const { relative } = require('node:path');
const { pathToFileURL } = require('node:url');

class SharingRuntime {
  #built;

  constructor(config, _environment, _resolver, _transformer, _cacheFS, _coverage, testPath) {
    this.#built = (path) => `${config.globals.builtTests}/${relative(config.rootDir, path).replace(/\.ts$/, '.mjs')}`;
    this.testPath = testPath;
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  async unstable_importModule(path) {
    await import(pathToFileURL(this.#built(path)).href);
  }

  requireModule(path) {
    return require(path);
  }

  requireInternalModule(path) {
    return require(path);
  }

  /** esbuild's files name their own. */
  getSourceMaps() {
    return new Map();
  }

  getAllCoverageInfoCopy() {}
  setGlobalsForRuntime() {}
  enterTestCode() {}
  leaveTestCode() {}
  teardown() {}
  clearAllMocks() {}
  resetAllMocks() {}
  restoreAllMocks() {}
  resetModules() {}
}

exports.default = SharingRuntime;
exports.__esModule = true;
