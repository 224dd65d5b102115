// Keeps the compiled form of the CDK CLI, which is one file of 20 MB, from one start to the next.
// Node 22 does so by itself: https://nodejs.org/api/cli.html#node_compile_cachedir

"use strict";

const fs = require("fs");
const Module = require("module");
const path = require("path");
const vm = require("vm");

const MIN_SIZE = 5_000_000;
const compile = Module.prototype._compile;

function compileFromCache(content, filename) {
  if (content.length < MIN_SIZE) return compile.call(this, content, filename);
  const state = fs.statSync(filename);
  const name = `cdk-${process.version}-${process.arch}-${state.size}-${state.mtimeMs}`;
  const kept = path.join(process.env.NODE_COMPILE_CACHE, name);
  const cachedData = fs.existsSync(kept) ? fs.readFileSync(kept) : undefined;
  const script = new vm.Script(Module.wrap(content), { filename, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) {
    process.on("exit", () => {
      try {
        fs.mkdirSync(path.dirname(kept), { recursive: true });
        fs.writeFileSync(`${kept}-${process.pid}`, script.createCachedData());
        fs.renameSync(`${kept}-${process.pid}`, kept);
      } catch {
        // Without it, the next start is only slower.
      }
    });
  }
  const load = (id) => this.require(id);
  Object.assign(load, Module.createRequire(filename), { main: process.mainModule });
  const run = script.runInThisContext();
  return run.call(this.exports, this.exports, load, this, filename, path.dirname(filename));
}

if (!Module.enableCompileCache && process.env.NODE_COMPILE_CACHE) {
  Module.prototype._compile = compileFromCache;
}
