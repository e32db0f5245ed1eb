// The live part of a panel: its elements, in one piece.

const TEMPLATE = `
<div class="tools" role="toolbar" aria-label="The program">
  <p class="state" role="status"><i></i><span></span></p>
  <button type="button" class="go" data-does="run">Run</button>
  <button type="button" data-does="stop">Stop</button>
  <button type="button" data-does="reset" hidden>Reset</button>
  <span class="views" role="group" aria-label="What is shown">
    <button type="button" data-view="page">Page</button>
    <button type="button" data-view="source">Source</button>
    <button type="button" data-view="log">Log</button>
    <button type="button" data-view="terminal">Terminal</button>
  </span>
  <span class="right">
    <button type="button" data-does="second" aria-pressed="false">Two clients</button>
    <a class="tab" target="_blank" hidden>Own tab</a>
    <button type="button" data-does="larger" aria-pressed="false">Larger</button>
    <button type="button" data-does="recorded">Recorded</button>
  </span>
</div>
<div class="part source" role="region" aria-label="Source">
  <div class="files" role="group" aria-label="Files"></div>
  <div class="editor"></div>
</div>
<div class="part page" role="region" aria-label="Page"><div class="client"></div><div class="client" hidden></div></div>
<div class="part log" role="region" aria-label="Log"><ol tabindex="0"></ol></div>
<div class="part terminal" role="region" aria-label="Terminal">
  <div class="tries" role="group" aria-label="Commands to try"></div>
  <output tabindex="0"></output>
  <form><label><span aria-hidden="true">$</span><input type="text" spellcheck="false" autocapitalize="off" autocomplete="off" aria-label="Command" placeholder="curl -i http://localhost:8888/"></label></form>
</div>
<div class="lag"><canvas aria-hidden="true"></canvas><p>event-loop lag <output>–</output></p></div>`;

export function bench() {
  const element = document.createElement("div");
  element.className = "bench";
  element.innerHTML = TEMPLATE;
  return element;
}
