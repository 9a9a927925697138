"""Pub/Sub's messages as plain protobuf classes, taken from google-cloud-pubsub.

The client library ships neither this module nor gRPC servicers; its own classes are
proto-plus wrappers of the ones here.
"""

from google.protobuf.empty_pb2 import Empty as Empty
from google.pubsub_v1.types import pubsub

AcknowledgeRequest = pubsub.AcknowledgeRequest.pb()
DeleteSubscriptionRequest = pubsub.DeleteSubscriptionRequest.pb()
DeleteTopicRequest = pubsub.DeleteTopicRequest.pb()
DetachSubscriptionRequest = pubsub.DetachSubscriptionRequest.pb()
DetachSubscriptionResponse = pubsub.DetachSubscriptionResponse.pb()
GetSubscriptionRequest = pubsub.GetSubscriptionRequest.pb()
GetTopicRequest = pubsub.GetTopicRequest.pb()
ListSubscriptionsRequest = pubsub.ListSubscriptionsRequest.pb()
ListSubscriptionsResponse = pubsub.ListSubscriptionsResponse.pb()
ListTopicSubscriptionsRequest = pubsub.ListTopicSubscriptionsRequest.pb()
ListTopicSubscriptionsResponse = pubsub.ListTopicSubscriptionsResponse.pb()
ListTopicsRequest = pubsub.ListTopicsRequest.pb()
ListTopicsResponse = pubsub.ListTopicsResponse.pb()
ModifyAckDeadlineRequest = pubsub.ModifyAckDeadlineRequest.pb()
ModifyPushConfigRequest = pubsub.ModifyPushConfigRequest.pb()
PublishRequest = pubsub.PublishRequest.pb()
PublishResponse = pubsub.PublishResponse.pb()
PubsubMessage = pubsub.PubsubMessage.pb()
PullRequest = pubsub.PullRequest.pb()
PullResponse = pubsub.PullResponse.pb()
PushConfig = pubsub.PushConfig.pb()
ReceivedMessage = pubsub.ReceivedMessage.pb()
StreamingPullRequest = pubsub.StreamingPullRequest.pb()
StreamingPullResponse = pubsub.StreamingPullResponse.pb()
Subscription = pubsub.Subscription.pb()
Topic = pubsub.Topic.pb()
UpdateSubscriptionRequest = pubsub.UpdateSubscriptionRequest.pb()
UpdateTopicRequest = pubsub.UpdateTopicRequest.pb()
