/* SPDX-License-Identifier: MIT */
/*
 * cluster/survey_topics.h - read the settings and the schema of one primary, topic by topic.
 * Caller:  cluster/survey.h, nobody else.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_SURVEY_TOPICS_H
#define CUTOVER_CLUSTER_SURVEY_TOPICS_H

#include "cluster/session.h"
#include "domain/survey_topic.h"

/*
 * Ask every topic. One that fails is NO and says why; the others are asked all the same, unless the
 * connection went with it.
 * Errors  ERR_MEMORY/NONE only
 */
MUST_CHECK int survey_topics(const struct service *service, struct session *session,
                             struct survey_list topics[SURVEY_TOPIC_COUNT], struct err *err);

/* Only SURVEY_AGENTS and SURVEY_PROGRAMS, which a gate asks again and again. */
MUST_CHECK int survey_agent_topics(const struct service *service, struct session *session,
                                   struct survey_list topics[SURVEY_TOPIC_COUNT], struct err *err);

#endif
