// What pages gain with script; they work without. Times also in the reader's zone, and pages that follow what happens.
'use strict';

function showLocalTimes() {
  const lang = document.documentElement.lang;
  for (const time of document.querySelectorAll('time[datetime]:not([title], .axis time)')) {
    const at = new Date(time.dateTime);
    if (isNaN(at) || at.getTimezoneOffset() === 0) continue;
    const day = at.getDate() === at.getUTCDate() ? {} : { weekday: 'short' };
    const local = document.createElement('span');
    local.className = 'local';
    local.textContent = ` (${at.toLocaleString(lang, { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })})`;
    time.title = at.toLocaleString(lang, { dateStyle: 'full', timeStyle: 'long' });
    time.after(local);
  }
  const zone = document.getElementById('zone');
  zone.hidden = !document.querySelector('.local');
  zone.querySelector('span').textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

async function refresh() {
  const active = document.activeElement;
  if (document.hidden || active?.matches('input, select, button') || !getSelection().isCollapsed) return;
  const answer = await fetch(location.href, { credentials: 'same-origin' });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const open = [...document.querySelectorAll('details')].map(fold => fold.open);
  for (const name of ['.follow', 'main', 'aside']) {
    const [old, next] = [document.querySelector(name), fresh.querySelector(name)];
    if (old && next) old.replaceWith(next);
  }
  document.querySelectorAll('details').forEach((fold, index) => { fold.open = open[index] ?? fold.open; });
  document.body.toggleAttribute('data-live', fresh.body.hasAttribute('data-live'));
  showLocalTimes();
}

showLocalTimes();
setInterval(() => { if (document.body.hasAttribute('data-live')) refresh().catch(() => {}); }, 15000);
