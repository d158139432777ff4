/* SPDX-License-Identifier: MIT */
/* What may be asked of the run, and what will follow, in the words of engine/request_offer.h. */
#include "ctl/screen_panels.h"

const json_t *screen_ask_chosen(const struct screen_ask *ask)
{
    return json_array_get(json_object_get(ask->people, "offers"), ask->chosen);
}

static void draw_offers(const struct screen_ask *ask, struct sheet *sheet)
{
    const json_t *offers = json_object_get(ask->people, "offers");

    sheet_row(sheet);
    sheet_put(sheet, STYLE_STRONG, "%s",
              json_array_size(offers) ? "What do you want of the run?"
                                      : "There is no run of which anything could be asked.");
    for (size_t i = 0; i < json_array_size(offers); i++) {
        const json_t *offer = json_array_get(offers, i);
        bool is_possible = json_bool_or(offer, "is_possible", 0);
        sheet_row(sheet);
        sheet_put(sheet, is_possible ? STYLE_STRONG : STYLE_FAINT, "%zu ", i + 1);
        if (is_possible) {
            sheet_wrap(sheet, STYLE_STRONG, 4, 2, json_text_or(offer, "title", ""));
            continue;
        }
        sheet_put(sheet, STYLE_FAINT, "%s: not now: ", json_text_or(offer, "what", ""));
        sheet_wrap(sheet, STYLE_FAINT, 4, 3, json_text_or(offer, "why_not", ""));
    }
}

static void draw_word(const struct screen_ask *ask, struct sheet *sheet)
{
    const json_t *offer = screen_ask_chosen(ask);

    sheet_row(sheet);
    sheet_put(sheet, STYLE_STRONG, "%s", json_text_or(offer, "title", ""));
    sheet_row(sheet);
    sheet_wrap(sheet, STYLE_PLAIN, 0, 10, json_text_or(offer, "follows", ""));
    sheet_row(sheet);
    sheet_row(sheet);
    sheet_put(sheet, STYLE_WARN, "Type %s and Enter to ask for it, or Esc to leave it: ",
              json_text_or(offer, "what", ""));
    sheet_put(sheet, STYLE_STRONG, "%s_", ask->typed);
}

void screen_ask_draw(const struct screen_ask *ask, struct sheet *sheet)
{
    switch (ask->state) {
    case SCREEN_ASK_NOT:
        break;
    case SCREEN_ASK_WHAT:
        draw_offers(ask, sheet);
        break;
    case SCREEN_ASK_WORD:
        draw_word(ask, sheet);
        break;
    case SCREEN_ASK_TOLD:
        sheet_row(sheet);
        sheet_put(sheet, ask->is_refused ? STYLE_BAD : STYLE_GOOD, "%s",
                  ask->is_refused ? "REFUSED: " : "");
        sheet_wrap(sheet, ask->is_refused ? STYLE_BAD : STYLE_GOOD, 0, 6, ask->answer);
        break;
    }
}
