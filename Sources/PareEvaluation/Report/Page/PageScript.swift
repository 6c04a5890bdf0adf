/// What the scripts of all pages have in common: elements, numbers as people read them, tables.
enum PageScript {
  static let common = #"""
    'use strict';
    const byId = id => document.getElementById(id);
    const make = (tag, text, attributes = {}) => {
      const element = document.createElement(tag);
      if (text !== undefined) element.append(text);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      return element;
    };
    // A page of which a part cannot be drawn says so; the other parts are there.
    addEventListener('error', event => {
      if (!byId('errors')) document.body.prepend(make('div', 'A part of this page could not be drawn. ', { id: 'errors', class: 'notice', role: 'alert' }));
      byId('errors').append(make('span', event.message + ' '));
    });
    const isMissing = value => value === null || value === undefined;
    const number = (value, digits = 2) => isMissing(value) ? '–' : typeof value === 'string' ? value
      : (value < 0 && -value >= 0.5 * 10 ** -digits ? '−' : '') + Math.abs(value).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const whole = value => number(value, 0);
    const percent = (value, digits = 2) => isMissing(value) ? '–' : number(100 * value, digits) + ' %';
    const signed = (value, words) => (value > 0 ? '+' : '') + words(value);
    const dailyBasisPoints = value => isMissing(value) ? '–' : number(1e4 * value);
    const decibels = value => number(value, 1);
    const times = value => isMissing(value) ? '–' : number(value, 1) + ' ×';
    const bytes = value => isMissing(value) ? '–' : value >= 1e6 ? number(value / 1e6) + ' MB' : value >= 1e4 ? number(value / 1e3, 1) + ' kB' : number(value, 0) + ' B';
    const between = (interval, words) => isMissing(interval) || isMissing(interval.lower) ? '–' : `${words(interval.lower)} … ${words(interval.upper)}`;
    const day = time => new Date(time).toISOString().slice(0, 10);
    const signClass = value => isMissing(value) || value === 0 ? {} : { class: value < 0 ? 'neg' : 'pos' };
    const text = value => isMissing(value) ? '' : value;
    const verdictWords = { kept: '✓ kept', lost: '✗ lost', undetermined: '? undetermined', 'no-skill-to-keep': '– no skill to keep' };
    const verdict = word => isMissing(word) ? '' : make('span', verdictWords[word] || word, { class: `verdict ${word}` });
    const inOrder = (a, b) => typeof a === 'string' && typeof b === 'string' ? a.localeCompare(b, 'en', { numeric: true }) : a < b ? -1 : a > b ? 1 : 0;
    // Columns are [heading, value of a row, its words or element (by the row too, where it takes two), whether its sign is coloured, what
    // hovering says]. Headings sort, what is missing last; `order` keeps the sorting of a table that is made again, and false leaves it as it is.
    const table = (columns, rows, attributes = () => ({}), order = { column: -1, down: false }) => {
      const element = make('table'), head = make('tr'), body = make('tbody');
      const lines = rows.map(row => {
        const line = make('tr', undefined, attributes(row));
        for (const [, value, words, isSigned, hint] of columns) {
          const title = hint && hint(row);
          line.append(make('td', words.length > 1 ? words(value(row), row) : words(value(row)), { ...(isSigned ? signClass(value(row)) : {}), ...(title ? { title } : {}) }));
        }
        return [row, line];
      });
      const sort = () => {
        const value = !order || order.column < 0 ? undefined : columns[order.column][1];
        const sorted = !value ? lines : [...lines].sort(([a], [b]) => {
          const [x, y] = [value(a), value(b)];
          if (isMissing(x) || isMissing(y)) return isMissing(x) - isMissing(y);
          return order.down ? inOrder(y, x) : inOrder(x, y);
        });
        body.append(...sorted.map(([, line]) => line));
        [...head.cells].forEach((cell, index) => index === order.column ? cell.setAttribute('aria-sort', order.down ? 'descending' : 'ascending') : cell.removeAttribute('aria-sort'));
      };
      columns.forEach(([heading, value], index) => {
        const cell = make('th', undefined, { scope: 'col' });
        if (order && rows.length > 1) {
          const button = make('button', heading, { type: 'button' });
          button.onclick = () => {
            const isText = rows.some(row => typeof value(row) === 'string');
            [order.column, order.down] = [index, order.column === index ? !order.down : !isText];
            sort();
          };
          cell.append(button);
        } else cell.append(heading);
        head.append(cell);
      });
      element.append(make('thead', head), body);
      sort();
      return make('div', element, { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'table' });
    };
    const asWords = (box, ...columns) => { box.querySelectorAll('tr').forEach(row => columns.forEach(index => row.cells[index].classList.add('words'))); return box; };
    const describe = (list, entries) => entries.forEach(([term, words]) => list.append(make('dt', term), make('dd', words)));
    const buttons = (entries, isPressed, press) => {
      const box = make('span', undefined, { class: 'buttons', role: 'group' });
      for (const [key, words] of entries) {
        const button = make('button', words, { type: 'button', 'data-key': key });
        button.onclick = () => press(key);
        box.append(button);
      }
      const mark = () => [...box.children].forEach(button => button.setAttribute('aria-pressed', isPressed(button.dataset.key)));
      mark();
      return { box, mark };
    };
    const choices = (label, entries, value, change) => {
      const select = make('select');
      for (const [key, words] of entries) select.append(make('option', words, { value: key }));
      select.value = value;
      select.onchange = () => change(select.value);
      const box = make('label', label + ' ');
      box.append(select);
      return { box, select };
    };
    """#
}
